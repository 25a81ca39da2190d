/** Filter parameters common to the asset list, month counts and geo clusters, with their validation. */
import { z } from "@hono/zod-openapi";
import type { WallTime } from "../../kernel/time.ts";
import { everyAsset } from "../../operations/assets/assets.ts";
import { dateTimeSchema, idListSchema, idSchema, libraryParameter } from "../fieldSchemas.ts";

const assetStateSchema = z
  .enum(["live", "trashed", "all"])
  .default("live")
  .openapi({ description: "Live assets, those in the trash, or both" });

export const assetFilterFields = {
  library_id: libraryParameter,
  album_id: idSchema("album").optional().openapi({ description: "Assets of this album" }),
  album_filter: z
    .enum(["all", "in_album", "not_in_album"])
    .default("all")
    .openapi({ description: "Assets in any album, or in none" }),
  person_ids: idListSchema("person", 200)
    .optional()
    .openapi({ description: "Assets that show all of these people. An unknown id matches none" }),
  state: assetStateSchema,
  local_datetime_after: dateTimeSchema.optional().openapi({
    description:
      "Captured at this time or later. A time without a UTC offset compares wall-clock times, as 2024-07-15T12:00:00; one with an offset compares instants",
  }),
  local_datetime_before: dateTimeSchema.optional().openapi({
    description: "Captured before this time; in the same form as `local_datetime_after`",
  }),
};

export const mediaTypeParameter = z
  .enum(["image", "video"])
  .openapi({ description: "Photos or videos only. An edited photo stays an image" });

/** Name of `person_ids` in V1 and V2, for a single id. */
export const personIdField = {
  person_id: idSchema("person").optional().openapi({ deprecated: true, description: "Use `person_ids`" }),
};

interface SharedQuery {
  album_id?: string | undefined;
  album_filter: "all" | "in_album" | "not_in_album";
  person_id?: string | undefined;
  person_ids?: string[] | undefined;
  /** Undefined and null include every rating. */
  ratings?: number[] | null | undefined;
  state: "live" | "trashed" | "all";
  local_datetime_after?: WallTime | undefined;
  local_datetime_before?: WallTime | undefined;
}

export type ReportConflict = (path: string, message: string) => void;

/** Adds validation issues to a `superRefine` context. */
export function conflictReporter(context: z.core.$RefinementCtx): ReportConflict {
  return (path, message) => context.addIssue({ code: "custom", path: [path], message });
}

export function rejectContradictoryFilters(query: SharedQuery, contradict: ReportConflict): void {
  const { local_datetime_after: after, local_datetime_before: before } = query;
  if (
    after !== undefined &&
    before !== undefined &&
    (after.offsetMinutes === null) !== (before.offsetMinutes === null)
  ) {
    contradict(
      "local_datetime_before",
      "local_datetime_after and local_datetime_before must both have a UTC offset or both be naive",
    );
  }
  if (query.album_filter === "not_in_album" && query.album_id !== undefined) {
    contradict("album_filter", "not_in_album cannot be combined with album_id");
  }
  if (query.person_id !== undefined && query.person_ids !== undefined) {
    contradict("person_id", "person_id is deprecated and cannot be combined with person_ids");
  }
}

/** Distinct ids of people; null without any. */
export function toPersonIds(query: Pick<SharedQuery, "person_id" | "person_ids">): string[] | null {
  const ids = query.person_ids ?? (query.person_id === undefined ? [] : [query.person_id]);
  return ids.length === 0 ? null : [...new Set(ids)];
}

/** Maps the common parameters to the operation's filter; all other filters match every asset. */
export function toSharedFilter(query: SharedQuery) {
  return {
    ...everyAsset,
    state: query.state,
    albumId: query.album_id ?? null,
    albumFilter: query.album_filter,
    personIds: toPersonIds(query),
    ratings: query.ratings ?? null,
    after: query.local_datetime_after ?? null,
    before: query.local_datetime_before ?? null,
  };
}
