/** Albums: making, naming, filling and reading them. */
import { AppError, invalid, notFound } from "../../kernel/errors.ts";
import { addAlbumAssets, removeAlbumAssets, type AddResult } from "../../records/albums/albumAssets.ts";
import * as records from "../../records/albums/albums.ts";
import { everyAsset } from "../../records/assets/assetFilters.ts";
import { placeOf } from "../../records/assets/assetList.ts";
import { findAsset, type Asset } from "../../records/assets/assets.ts";
import type { Database } from "../../records/database.ts";
import { eachPage } from "../assets/assets.ts";
import type { Principal } from "../accounts/authentication.ts";
import { resolveLibrary } from "../libraries/libraries.ts";

export type { Album } from "../../records/albums/albums.ts";
export type { AddResult } from "../../records/albums/albumAssets.ts";

type Album = records.Album;

export async function getAlbum(db: Database, who: Principal, id: string): Promise<Album> {
  const album = await records.findAlbum(db, who, id);
  if (album === null) throw notFound("album");
  return album;
}

export async function createAlbum(
  db: Database,
  who: Principal,
  request: { name: string; description: string | null; libraryId: string | null },
  nowMs: number,
): Promise<Album> {
  const library = await resolveLibrary(db, who, request.libraryId);
  const { name, description } = request;
  return await records.insertAlbum(db, { libraryId: library.id, userId: who.userId, name, description }, nowMs);
}

export interface AlbumListQuestion {
  libraryId: string | null;
  assetId: string | null;
  ids: string[] | null;
  startingAfterId: string | null;
  limit: number;
}

export async function listAlbums(db: Database, who: Principal, question: AlbumListQuestion) {
  const library = await resolveLibrary(db, who, question.libraryId);
  if (question.startingAfterId !== null) {
    const last = await records.findAlbum(db, who, question.startingAfterId);
    if (last?.libraryId !== library.id) {
      throw new AppError("bad_request", "starting_after_id names no album of this library");
    }
  }
  return await records.listAlbums(db, { ...question, libraryId: library.id });
}

export interface AlbumChange {
  name?: string;
  description?: string | null;
  coverAssetId?: string | null;
}

/** Saying again what is already so is no change: it moves no date and tells the feed nothing. */
function changesNothing(album: Album, change: records.AlbumChange): boolean {
  const { name = album.name, description = album.description, pinnedCoverId = album.pinnedCoverId } = change;
  return name === album.name && description === album.description && pinnedCoverId === album.pinnedCoverId;
}

export async function updateAlbum(
  db: Database,
  who: Principal,
  id: string,
  change: AlbumChange,
  nowMs: number,
): Promise<Album> {
  const album = await getAlbum(db, who, id);
  const { coverAssetId, ...fields } = change;
  const columns = { ...fields, ...(coverAssetId === undefined ? {} : { pinnedCoverId: coverAssetId }) };
  if (changesNothing(album, columns)) return album;
  if (!(await records.updateAlbum(db, album, columns, nowMs))) {
    // It may have been deleted since it was read.
    await getAlbum(db, who, id);
    if (typeof coverAssetId === "string" && (await findAsset(db, who, coverAssetId)) === null) throw notFound("asset");
    throw invalid(["body", "album_cover_asset_id"], "must be a live asset of this album");
  }
  return await getAlbum(db, who, id);
}

export async function deleteAlbum(db: Database, who: Principal, id: string, nowMs: number): Promise<void> {
  await records.deleteAlbum(db, await getAlbum(db, who, id), nowMs);
}

export async function addToAlbum(
  db: Database,
  who: Principal,
  id: string,
  assetIds: string[],
  nowMs: number,
): Promise<AddResult> {
  return await addAlbumAssets(db, await getAlbum(db, who, id), [...new Set(assetIds)], nowMs);
}

export async function removeFromAlbum(
  db: Database,
  who: Principal,
  id: string,
  assetIds: string[],
  nowMs: number,
): Promise<void> {
  await removeAlbumAssets(db, await getAlbum(db, who, id), [...new Set(assetIds)], nowMs);
}

const STREAM_PAGE_SIZE = 200;

/**
 * The live members, newest first, page by page; `limit` null for all of them. What is wrong with the request comes out
 * here, and the first page is read here: an answer that has begun can no longer turn into an error.
 */
export async function openAlbumPages(
  db: Database,
  who: Principal,
  id: string,
  window: { startingAfterId: string | null; limit: number | null },
): Promise<AsyncGenerator<Asset[]>> {
  const album = await getAlbum(db, who, id);
  const last = window.startingAfterId === null ? null : await findAsset(db, who, window.startingAfterId);
  if (window.startingAfterId !== null && last?.libraryId !== album.libraryId) {
    throw new AppError("bad_request", "starting_after_id names no asset of this library");
  }
  const behind = last === null ? null : placeOf(last, "live");
  const pages = eachAlbumPage(db, album, behind, window.limit ?? Number.POSITIVE_INFINITY);
  return beginWith(await pages.next(), pages);
}

async function* beginWith<T>(first: IteratorResult<T>, rest: AsyncGenerator<T>): AsyncGenerator<T> {
  if (first.done === true) return;
  yield first.value;
  yield* rest;
}

async function* eachAlbumPage(
  db: Database,
  album: Album,
  behind: string | null,
  limit: number,
): AsyncGenerator<Asset[]> {
  const filter = { ...everyAsset, libraryId: album.libraryId, albumId: album.id };
  let left = limit;
  for await (const page of eachPage(db, { filter, behind, trashSpan: null, limit: Math.min(STREAM_PAGE_SIZE, left) })) {
    yield page.slice(0, left);
    left -= page.length;
    if (left <= 0) return;
  }
}
