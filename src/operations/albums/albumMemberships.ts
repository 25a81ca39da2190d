/** Which asset is in which album, as rows of their own: what a client mirrors. Changes none. */
import { AppError, notFound } from "../../kernel/errors.ts";
import * as records from "../../records/albums/albumMemberships.ts";
import type { Database } from "../../records/database.ts";
import type { Principal } from "../accounts/authentication.ts";
import { demandLibrary } from "../libraries/libraries.ts";

export type { AlbumLink } from "../../records/albums/albumMemberships.ts";

export async function getAlbumLink(db: Database, who: Principal, id: string): Promise<records.AlbumLink> {
  const link = await records.findAlbumLink(db, who, id);
  if (link === null) throw notFound("album asset");
  return link;
}

export interface LinkQuestion extends records.LinkFilter {
  libraryId: string | null;
  startingAfterId: string | null;
  limit: number;
}

/** Two round trips: what the question names, then the page. */
export async function listAlbumLinks(db: Database, who: Principal, question: LinkQuestion) {
  const context = await records.readLinkContext(db, who, question);
  const library = demandLibrary(context.libraries, question.libraryId);
  if (question.albumId !== null && context.albumLibraryId !== library.id) throw notFound("album");
  if (question.startingAfterId !== null && context.cursorLibraryId !== library.id) {
    throw new AppError("bad_request", "starting_after_id names no album asset of this library");
  }
  return await records.listAlbumLinks(db, { ...question, libraryId: library.id });
}
