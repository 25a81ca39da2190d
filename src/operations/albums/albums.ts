import { AppError, invalid, notFound } from "../../kernel/errors.ts";
import { foldName } from "../../kernel/names/foldName.ts";
import { addAlbumAssets, removeAlbumAssets, type AddResult } from "../../records/albums/albumAssets.ts";
import * as records from "../../records/albums/albums.ts";
import { everyAsset } from "../../records/assets/assetFilters.ts";
import { firstRowsQuery, type PageRequest } from "../../records/assets/lists/assetList.ts";
import { assetPositionQuery, findAssetPosition } from "../../records/assets/assets.ts";
import { everyColumnGroup, type ListedAsset } from "../../records/assets/lists/listColumns.ts";
import type { LibraryState } from "../../records/libraries/libraries.ts";
import { ALBUM_NAMES, isNameRejected, unfoldedNamesQuery } from "../../records/names.ts";
import { NO_QUERY, runQueries } from "../../records/sql/query.ts";
import { assetPages } from "../assets/assets.ts";
import type { Principal } from "../accounts/authentication.ts";
import { inaccessible } from "../libraries/access.ts";
import { createOnce, storedAlbum, type IdempotentRequest } from "../idempotency/createOnce.ts";
import { likelyLibrary } from "../libraries/likelyLibrary.ts";
import { readInLibrary } from "../libraries/readInLibrary.ts";
import { resolveLibrary } from "../libraries/resolveLibrary.ts";
import { foldStoredNames, nameConflict, NameTakenError, requireSame, throwNameTaken } from "../names/uniqueNames.ts";
import type { Context } from "../context.ts";
import { startPages, requireCursor } from "../pages.ts";

export type { Album } from "../../records/albums/albums.ts";
export type { AddResult } from "../../records/albums/albumAssets.ts";

type Album = records.Album;

/** Reads an album. Throws `not_found` for an unknown or inaccessible id. */
export async function getAlbum(context: Context, principal: Principal, id: string): Promise<Album> {
  const album = await records.findAlbum(context.db, principal, id);
  if (album === null) throw await inaccessible(context, principal, "album", id);
  return album;
}

/** The name of an album that is created without one. */
export const DEFAULT_ALBUM_NAME = "New Album";

/** Null fields were left out. */
export interface NewAlbum {
  name: string | null;
  description: string | null;
  libraryId: string | null;
}

/** Returns the library of a request once all names in it are folded. Usually takes one round trip. */
async function libraryWithFoldedNames(
  context: Context,
  principal: Principal,
  libraryId: string | null,
): Promise<LibraryState> {
  const { library, read } = await readInLibrary(context, principal, {
    libraryId,
    check: NO_QUERY,
    select: ({ id }) => unfoldedNamesQuery(ALBUM_NAMES, id),
  });
  await foldStoredNames(context, ALBUM_NAMES, library.id, (await read()) ?? []);
  return library;
}

async function insertAlbum(
  context: Context,
  principal: Principal,
  { name, description, libraryId }: NewAlbum & { name: string },
  idempotent: IdempotentRequest | null,
) {
  const { id, userId } = await libraryWithFoldedNames(context, principal, libraryId);
  const maxAlbums = context.config.maxAlbumsPerLibrary;
  const album = { libraryId: id, userId, name, foldedName: foldName(name), description, maxAlbums };
  try {
    return await records.insertAlbum(context.db, album, context.nowMs, idempotent);
  } catch (error) {
    throwNameTaken(ALBUM_NAMES, id, error);
    if (!records.hasTooManyAlbums(error)) throw error;
    throw new AppError("conflict", `a library can have at most ${maxAlbums} albums; delete one first`);
  }
}

/**
 * Creates an empty album. If the library has one of that name with the given description, returns it instead.
 *
 * @throws {AppError} `conflict` for a taken name with another description, or a library with as many albums as it may
 *   have; `validation_error` for an Idempotency-Key of a different request.
 */
export async function createAlbum(
  context: Context,
  principal: Principal,
  request: NewAlbum,
  idempotent: IdempotentRequest | null,
): Promise<{ album: Album; isNew: boolean }> {
  const { name, description } = { ...request, name: request.name ?? DEFAULT_ALBUM_NAME };
  try {
    const insert = async () => await insertAlbum(context, principal, { ...request, name }, idempotent);
    const { row, isRepeated } = await createOnce(context, idempotent, storedAlbum, insert);
    if (isRepeated) await resolveLibrary(context, principal, row.libraryId);
    return { album: { ...row, cover: null }, isNew: true };
  } catch (error) {
    if (!(error instanceof NameTakenError)) throw error;
    const named = await records.listAlbumsByName(context.db, error.ownerId, foldName(name));
    const isSame = (album: Album): boolean => description === null || (album.description ?? "") === description;
    return { album: requireSame("album", name, named, isSame), isNew: false };
  }
}

export interface ListAlbumsParams {
  libraryId: string | null;
  assetId: string | null;
  ids: string[] | null;
  /** Text that the name contains, without regard to case; blank texts filter nothing. */
  name: string | null;
  startingAfterId: string | null;
  limit: number;
}

/** Lists albums of one library, a page at a time. Throws `bad_request` for a cursor of another library. */
export async function listAlbums(
  context: Context,
  principal: Principal,
  params: ListAlbumsParams,
): Promise<Pick<records.AlbumPage, "albums" | "hasMore">> {
  const foldedName = params.name === null ? null : foldName(params.name) || null;
  const pageOf = (libraryId: string) => records.albumPageQuery(context.db, { ...params, foldedName, libraryId });
  const { library, checked, read } = await readInLibrary(context, principal, {
    libraryId: params.libraryId,
    check: records.albumLibraryQuery(principal, params.startingAfterId),
    select: ({ id }) => pageOf(id),
  });
  requireCursor(params.startingAfterId, checked, library.id, "album");
  const page = await read();
  if (page === null) return { albums: [], hasMore: false };
  if (foldedName === null || !page.hasUnfoldedNames) return page;
  const primary = context.db.primary();
  const [unfolded] = await runQueries(primary, [unfoldedNamesQuery(ALBUM_NAMES, library.id)]);
  await foldStoredNames(context, ALBUM_NAMES, library.id, unfolded);
  const [folded] = await runQueries(context.db.primary(), [pageOf(library.id)]);
  return folded;
}

export interface AlbumPatch {
  name?: string;
  description?: string | null;
  coverAssetId?: string | null;
}

/** An update without changes is skipped, because it would write a new date and an event. */
function isUnchanged(album: Album, { rename, ...change }: records.AlbumChange): boolean {
  const { description = album.description, pinnedCoverId = album.pinnedCoverId } = change;
  const isRenamed = rename !== undefined && rename.name !== album.name;
  return !isRenamed && description === album.description && pinnedCoverId === album.pinnedCoverId;
}

/** Writes the change once all names in the library are folded. Returns false as `records.updateAlbum` does. */
async function saveAlbum(context: Context, album: Album, change: records.AlbumChange): Promise<boolean> {
  const { rename } = change;
  if (rename === undefined) return await records.updateAlbum(context.db, album, change, context.nowMs);
  const { libraryId } = album;
  const [unfolded] = await runQueries(context.db, [unfoldedNamesQuery(ALBUM_NAMES, libraryId)]);
  await foldStoredNames(context, ALBUM_NAMES, libraryId, unfolded);
  // The folded name of an album that was among them, as it is now.
  const current = { ...album, foldedName: album.foldedName ?? foldName(album.name) };
  try {
    return await records.updateAlbum(context.db, current, change, context.nowMs);
  } catch (error) {
    throw isNameRejected(ALBUM_NAMES, error) ? nameConflict("album", rename.name) : error;
  }
}

/**
 * Updates an album.
 *
 * @throws {AppError} `not_found`, `conflict` if another album has the name, `validation_error` unless the cover is a
 *   live asset of the album.
 */
export async function updateAlbum(
  context: Context,
  principal: Principal,
  id: string,
  patch: AlbumPatch,
): Promise<Album> {
  const album = await getAlbum(context, principal, id);
  const { name, coverAssetId, ...fields } = patch;
  const change: records.AlbumChange = {
    ...fields,
    ...(name === undefined ? {} : { rename: { name, foldedName: foldName(name) } }),
    ...(coverAssetId === undefined ? {} : { pinnedCoverId: coverAssetId }),
  };
  if (isUnchanged(album, change)) return album;
  if (!(await saveAlbum(context, album, change))) {
    // Throws if the album was deleted meanwhile.
    await getAlbum(context, principal, id);
    if (typeof coverAssetId === "string" && (await findAssetPosition(context.db, principal, coverAssetId)) === null)
      throw notFound("asset");
    throw invalid(["body", "album_cover_asset_id"], "must be a live asset of this album");
  }
  return await getAlbum(context, principal, id);
}

/** Adds live assets of the album's library and reports a result per asset id. Throws `not_found` for the album. */
export async function addToAlbum(
  context: Context,
  principal: Principal,
  id: string,
  assetIds: string[],
): Promise<AddResult> {
  return await addAlbumAssets(
    context.db,
    await getAlbum(context, principal, id),
    [...new Set(assetIds)],
    context.nowMs,
  );
}

/** Removes assets from an album; other assets are ignored. Throws `not_found` for the album. */
export async function removeFromAlbum(
  context: Context,
  principal: Principal,
  id: string,
  assetIds: string[],
): Promise<void> {
  await removeAlbumAssets(context.db, await getAlbum(context, principal, id), [...new Set(assetIds)], context.nowMs);
}

/** Assets that a streamed list holds in memory: their texts are bounded to 4 MiB a page. */
export const MAX_STREAM_PAGE_ASSETS = 1000;

interface AlbumWindow {
  startingAfterId: string | null;
  limit: number | null;
}

/** The first page of an album of `libraryId`. */
function firstPage(libraryId: string, albumId: string, { startingAfterId, limit }: AlbumWindow): PageRequest {
  return {
    filter: { ...everyAsset, libraryId, albumId },
    afterKey: null,
    cursorId: startingAfterId,
    trashSpan: null,
    groups: everyColumnGroup,
    limit: Math.min(MAX_STREAM_PAGE_ASSETS, limit ?? Infinity),
  };
}

/**
 * Streams the live assets of an album in pages, newest first; `limit` null streams all. Validates the request and reads
 * the first page before it returns, because errors can only be sent before the response: in one round trip if the
 * credential has a single library.
 * Throws `not_found` for the album and `bad_request` for a cursor of another library.
 */
export async function streamAlbumAssets(
  context: Context,
  principal: Principal,
  id: string,
  window: AlbumWindow,
): Promise<AsyncGenerator<ListedAsset[]>> {
  const { startingAfterId } = window;
  const guess = likelyLibrary(principal, null);
  const [album, last, rows] = await runQueries(context.db, [
    records.albumQuery(context.db, principal, id),
    assetPositionQuery(principal, startingAfterId),
    guess === null ? NO_QUERY : firstRowsQuery(firstPage(guess.id, id, window)),
  ]);
  if (album === null) throw notFound("album");
  requireCursor(startingAfterId, last?.libraryId, album.libraryId, "asset");
  const request = firstPage(album.libraryId, id, window);
  const pages = assetPages(context, request, guess?.id === album.libraryId ? rows : null);
  return await startPages(limitPages(pages, window.limit ?? Infinity));
}

async function* limitPages<T>(pages: AsyncGenerator<T[]>, limit: number): AsyncGenerator<T[]> {
  let remaining = limit;
  for await (const page of pages) {
    yield page.slice(0, remaining);
    remaining -= page.length;
    if (remaining <= 0) return;
  }
}
