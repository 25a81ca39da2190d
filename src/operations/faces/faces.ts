import { notFound } from "../../kernel/errors.ts";
import * as changes from "../../records/faces/changeFace.ts";
import * as records from "../../records/faces/faces.ts";
import type { Principal } from "../accounts/authentication.ts";
import type { Context } from "../context.ts";
import { requestCachePurge } from "../delivery/cachePurges.ts";
import { requestGrouping } from "./groupFaces.ts";
import { inaccessible } from "../libraries/access.ts";
import { readInLibrary } from "../libraries/readInLibrary.ts";
import { requireCursor } from "../pages.ts";

export type { Face } from "../../records/faces/faces.ts";

type Face = records.Face;

/** Names a face; with a library, the face has to be of it. */
export interface FaceReference {
  id: string;
  libraryId: string | null;
}

/** Reads a face, on a live or a trashed asset. Throws `not_found` for an unknown or inaccessible id. */
export async function getFace(context: Context, principal: Principal, { id, libraryId }: FaceReference): Promise<Face> {
  const face = await records.findFace(context.db, principal, id, libraryId);
  if (face === null) throw await inaccessible(context, principal, "face", id);
  return face;
}

export type ListFacesParams = Omit<records.FaceListRequest, "libraryId"> & { libraryId: string | null };

/**
 * Lists the faces on live assets of one library, newest first, a page at a time. Takes one round trip. Throws
 * `bad_request` for a cursor of another library.
 */
export async function listFaces(
  context: Context,
  principal: Principal,
  params: ListFacesParams,
): Promise<records.FacePage> {
  const { library, checked, read } = await readInLibrary(context, principal, {
    libraryId: params.libraryId,
    check: records.faceLibraryQuery(principal, params.startingAfterId),
    select: ({ id }) => records.facePageQuery({ ...params, libraryId: id }),
  });
  requireCursor(params.startingAfterId, checked, library.id, "face");
  return (await read()) ?? { faces: [], hasMore: false };
}

/**
 * Assigns a face to a person of its library, or detaches it with null; undefined changes nothing. Clustering overrules
 * neither: it does not assign the face to a person it was detached from.
 *
 * @throws {AppError} `not_found` for an unknown face, or a person who is not of the face's library.
 */
export async function updateFace(
  context: Context,
  principal: Principal,
  reference: FaceReference,
  personId: string | null | undefined,
): Promise<Face> {
  const face = await getFace(context, principal, reference);
  if (personId === undefined) return face;
  await changes.setFacePerson(context.db, face.id, personId, context.nowMs);
  const updated = await getFace(context, principal, reference);
  if (updated.personId !== personId) throw notFound("person");
  await requestGrouping(context, { assetId: updated.assetId });
  return updated;
}

/** Deletes a face; its asset and its person are kept. Throws `not_found`. */
export async function deleteFace(context: Context, principal: Principal, reference: FaceReference): Promise<void> {
  const { id, assetId } = await getFace(context, principal, reference);
  await changes.deleteFace(context.db, id, context.nowMs);
  await requestCachePurge(context);
  await requestGrouping(context, { assetId });
}
