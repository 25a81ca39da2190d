import { formatInstant } from "../../kernel/time.ts";
import {
  cropVariantName,
  cropWidth,
  type Face,
  type FaceCrop,
} from "../../operations/delivery/faceCrops/faceCropNames.ts";
import type { AssessedFace } from "../../operations/faces/clusterAssignments.ts";
import type { VariantBody } from "../assets/variantSchemas.ts";
import type { MediaUrlBuilder } from "../delivery/mediaUrls.ts";
import type { FaceBody } from "./schemas.ts";

/** The URLs of a crop; null for a video without a poster. */
export async function serializeCrop(
  { faceId, box, source }: FaceCrop,
  urls: MediaUrlBuilder,
): Promise<Record<"thumbnail", VariantBody> | null> {
  const { assetId, versionId, trashedAt } = source;
  if (versionId === null) return null;
  const url = await urls.sign({ assetId, versionId, variant: cropVariantName(faceId, box), trashedAt });
  return { thumbnail: { url, mimetype: "image/webp", width: cropWidth(box) } };
}

/** `legacy` adds the key of the first API generation. */
export async function serializeFace(face: Face, urls: MediaUrlBuilder, { legacy = false } = {}): Promise<FaceBody> {
  const asset_urls = await serializeCrop(face.crop, urls);
  return {
    id: face.id,
    asset_id: face.assetId,
    person_id: face.personId,
    bounding_box: face.box,
    timestamp_ms: face.timestampMs,
    asset_urls,
    confidence: face.confidence,
    source: face.source,
    created_at: formatInstant(face.createdAt),
    updated_at: formatInstant(face.updatedAt),
    ...(legacy ? { thumbnail_url: asset_urls?.thumbnail.url ?? null } : {}),
  };
}

/** A face on the routes of faces, with `cluster_assignment` if it was read with it. */
export async function serializeAssessedFace(face: Face | AssessedFace, urls: MediaUrlBuilder): Promise<FaceBody> {
  const assignment = "assignment" in face ? face.assignment : null;
  return {
    ...(await serializeFace(face, urls)),
    cluster_assignment:
      assignment === null
        ? null
        : {
            distance_to_person: assignment.distanceToPerson,
            candidates: assignment.candidates.map(({ personId, distance, name }) => ({
              person_id: personId,
              distance,
              name,
            })),
          },
  };
}
