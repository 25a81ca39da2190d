import { AppError, notFound } from "../../kernel/errors.ts";
import * as records from "../../records/albums/albumMemberships.ts";
import type { Principal } from "../accounts/authentication.ts";
import { requireLibrary } from "../libraries/libraries.ts";
import type { Context } from "../context.ts";

export type { AlbumMembership } from "../../records/albums/albumMemberships.ts";

/** Reads one album membership row. Throws `not_found` for an unknown or inaccessible id. */
export async function getAlbumMembership(
  context: Context,
  principal: Principal,
  id: string,
): Promise<records.AlbumMembership> {
  const membership = await records.findAlbumMembership(context.db, principal, id);
  if (membership === null) throw notFound("album asset");
  return membership;
}

export interface ListAlbumMembershipsParams extends records.MembershipFilter {
  libraryId: string | null;
  startingAfterId: string | null;
  limit: number;
}

/**
 * Lists album membership rows, which clients mirror, a page at a time in two round trips.
 * Throws `not_found` for an unknown album and `bad_request` for a cursor of another library.
 */
export async function listAlbumMemberships(context: Context, principal: Principal, params: ListAlbumMembershipsParams) {
  const lookup = await records.readMembershipContext(context.db, principal, params);
  const library = requireLibrary(lookup.libraries, params.libraryId);
  if (params.albumId !== null && lookup.albumLibraryId !== library.id) throw notFound("album");
  if (params.startingAfterId !== null && lookup.cursorLibraryId !== library.id) {
    throw new AppError("bad_request", "starting_after_id: album asset not found in this library");
  }
  return await records.listAlbumMemberships(context.db, {
    ...params,
    libraryId: library.id,
    hiddenAlbumIds: lookup.hiddenAlbumIds,
  });
}
