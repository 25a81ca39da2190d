/** The filters that the list of assets, their counts and their map share, and which of them contradict each other. */
import { z } from "@hono/zod-openapi";
import type { WallTime } from "../../kernel/time.ts";
import { everyAsset } from "../../operations/assets/assets.ts";
import { dateTimeSchema, idSchema, listOf } from "../fieldSchemas.ts";

export const assetFilterFields = {
  library_id: idSchema("library").optional(),
  album_id: idSchema("album").optional(),
  album_filter: z.enum(["all", "in_album", "not_in_album"]).default("all"),
  person_ids: listOf(idSchema("person"), 200).optional(),
  state: z.enum(["live", "trashed", "all"]).default("live"),
  local_datetime_after: dateTimeSchema.optional(),
  local_datetime_before: dateTimeSchema.optional(),
};

/** The first generations' name for one of `person_ids`. */
export const personIdField = { person_id: idSchema("person").optional().openapi({ deprecated: true }) };

interface SharedQuery {
  album_id?: string | undefined;
  album_filter: "all" | "in_album" | "not_in_album";
  person_id?: string | undefined;
  person_ids?: string[] | undefined;
  state: "live" | "trashed" | "all";
  local_datetime_after?: WallTime | undefined;
  local_datetime_before?: WallTime | undefined;
}

export type Contradict = (path: string, message: string) => void;

export function contradictionsIn(context: z.core.$RefinementCtx): Contradict {
  return (path, message) => context.addIssue({ code: "custom", path: [path], message });
}

export function refuseSharedContradictions(query: SharedQuery, contradict: Contradict): void {
  const { local_datetime_after: after, local_datetime_before: before } = query;
  if (
    after !== undefined &&
    before !== undefined &&
    (after.offsetMinutes === null) !== (before.offsetMinutes === null)
  ) {
    contradict("local_datetime_before", "both date bounds must carry a UTC offset, or neither");
  }
  if (query.album_filter === "not_in_album" && query.album_id !== undefined) {
    contradict("album_filter", "not_in_album contradicts album_id");
  }
  if (query.person_id !== undefined && query.person_ids !== undefined) {
    contradict("person_id", "give person_ids alone; person_id is its old name");
  }
}

export function personIdsOf(query: Pick<SharedQuery, "person_id" | "person_ids">): string[] | null {
  return query.person_ids ?? (query.person_id === undefined ? null : [query.person_id]);
}

/** The shared filters in the operation's words; the others let everything through. */
export function sharedFilterOf(query: SharedQuery) {
  return {
    ...everyAsset,
    state: query.state,
    albumId: query.album_id ?? null,
    albumFilter: query.album_filter,
    after: query.local_datetime_after ?? null,
    before: query.local_datetime_before ?? null,
  };
}
