import { formatInstant } from "../../kernel/time.ts";
import type { Person } from "../../operations/delivery/faceCrops/faceCropNames.ts";
import type { ListedPerson } from "../../operations/people/people.ts";
import type { MediaUrlBuilder } from "../delivery/mediaUrls.ts";
import { serializeCrop } from "../faces/serializer.ts";
import type { PersonBody } from "./schemas.ts";

/** `legacy` adds the key of the first API generation. */
export async function serializePerson(
  person: Person,
  urls: MediaUrlBuilder,
  { legacy = false } = {},
): Promise<PersonBody> {
  const { portrait } = person;
  const asset_urls = portrait === null ? null : await serializeCrop(portrait, urls);
  return {
    id: person.id,
    name: person.name,
    birth_date: person.birthDate,
    is_hidden: person.isHidden,
    is_favorite: person.isFavorite,
    thumbnail_face_id: portrait?.faceId ?? null,
    asset_count: person.assetCount,
    asset_urls,
    created_at: formatInstant(person.createdAt),
    updated_at: formatInstant(person.updatedAt),
    ...(legacy ? { thumbnail_face_url: asset_urls?.thumbnail.url ?? null } : {}),
  };
}

/** A person on the routes of people, with `cluster_metrics`. */
export async function serializeListedPerson(person: ListedPerson, urls: MediaUrlBuilder): Promise<PersonBody> {
  const { clusterMetrics: metrics } = person;
  return {
    ...(await serializePerson(person, urls)),
    cluster_metrics:
      metrics === null
        ? null
        : {
            pairwise_p90: metrics.pairwiseP90,
            pairwise_mean: metrics.pairwiseMean,
            face_count: metrics.faceCount,
          },
  };
}
