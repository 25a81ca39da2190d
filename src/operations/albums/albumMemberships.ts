import { notFound } from "../../kernel/errors.ts";
import * as records from "../../records/albums/albumMemberships.ts";
import { runQueries } from "../../records/sql/query.ts";
import type { Principal } from "../accounts/authentication.ts";
import { readInLibrary } from "../libraries/readInLibrary.ts";
import type { Context } from "../context.ts";
import { requireCursor } from "../pages.ts";

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
 * Lists album membership rows, which clients mirror, a page at a time. Takes one round trip, two while a large
 * album is being deleted.
 * Throws `not_found` for an unknown album and `bad_request` for a cursor of another library.
 */
export async function listAlbumMemberships(
  context: Context,
  principal: Principal,
  params: ListAlbumMembershipsParams,
): Promise<records.MembershipPage> {
  const { library, checked, read } = await readInLibrary(context, principal, {
    libraryId: params.libraryId,
    check: records.membershipCheckQuery(principal, params),
    select: ({ id }) => records.membershipPageQuery({ ...params, libraryId: id, hiddenAlbumIds: [] }),
  });
  if (params.albumId !== null && checked.albumLibraryId !== library.id) throw notFound("album");
  requireCursor(params.startingAfterId, checked.cursorLibraryId, library.id, "album asset");
  const { hiddenAlbumIds } = checked;
  if (hiddenAlbumIds.length === 0) return (await read()) ?? { memberships: [], hasMore: false };
  const visible = records.membershipPageQuery({ ...params, libraryId: library.id, hiddenAlbumIds });
  return (await runQueries(context.db, [visible]))[0];
}
