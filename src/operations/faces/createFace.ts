import { AppError, invalid, notFound } from "../../kernel/errors.ts";
import { newId } from "../../kernel/ids.ts";
import {
  findFaceTarget,
  insertManualFace,
  MAX_FACES_PER_ASSET,
  type FaceTarget,
} from "../../records/faces/createFace.ts";
import type { FaceBox } from "../../records/faces/faces.ts";
import type { Principal } from "../accounts/authentication.ts";
import type { Context } from "../context.ts";
import { findDisplayFile } from "../delivery/displaySource.ts";
import { createOnce, storedFace, type IdempotentRequest } from "../idempotency/createOnce.ts";
import { inaccessible } from "../libraries/access.ts";
import { resolveLibrary } from "../libraries/resolveLibrary.ts";
import { getFace, type Face } from "./faces.ts";

export interface NewFace {
  libraryId: string | null;
  assetId: string;
  personId: string | null;
  box: FaceBox;
}

interface Size {
  width: number;
  height: number;
}

/** The size of the picture that boxes are drawn on. A video's is that of its poster, whose file has it. */
async function pictureSize(context: Context, asset: FaceTarget): Promise<Size> {
  if (asset.mediaType === "image") return asset;
  const poster = await findDisplayFile(context, asset);
  if (poster.kind === "file") return poster;
  throw invalid(["body", "asset_id"], "must be a photo, or a video that has a poster");
}

/** Throws `validation_error` unless the box is inside of the picture: boxes are never clamped. */
function requireInside({ x, y, w, h }: FaceBox, { width, height }: Size): void {
  if (x + w <= width && y + h <= height) return;
  throw invalid(["body", "bounding_box"], `must be inside of the image, which has ${width} × ${height} pixels`);
}

async function insert(
  context: Context,
  principal: Principal,
  { libraryId, assetId, personId, box }: NewFace,
  idempotent: IdempotentRequest | null,
): Promise<{ id: string }> {
  const target = await findFaceTarget(context.db, principal, { assetId, personId });
  const { asset } = target;
  if (asset === null) throw await inaccessible(context, principal, "asset", assetId);
  const library = libraryId ?? asset.libraryId;
  if (library !== asset.libraryId) {
    await resolveLibrary(context, principal, library);
    throw notFound("asset");
  }
  if (personId !== null && target.personLibraryId !== library) throw notFound("person");
  requireInside(box, await pictureSize(context, asset));
  if (asset.faceCount >= MAX_FACES_PER_ASSET) {
    throw new AppError("conflict", `an asset can have at most ${MAX_FACES_PER_ASSET} faces; delete one first`);
  }
  const id = newId("face", context.nowMs);
  const face = {
    id,
    assetId,
    personId,
    ...box,
    timestampMs: null,
    confidence: null,
    source: "manual",
    model: null,
  } as const;
  if (await insertManualFace(context.db, library, face, context.nowMs, idempotent)) return { id };
  throw notFound(personId === null ? "asset" : "person");
}

/**
 * Adds a face that a user drew. Clustering never groups it.
 *
 * @throws {AppError} `not_found` for the asset or the person, `validation_error` for a box outside of the image, a video
 *   without a poster, and an Idempotency-Key of a different request; `conflict` for too many faces.
 */
export async function createFace(
  context: Context,
  principal: Principal,
  request: NewFace,
  idempotent: IdempotentRequest | null,
): Promise<Face> {
  const create = async () => await insert(context, principal, request, idempotent);
  const { row, isRepeated } = await createOnce(context, idempotent, storedFace, create);
  if (!isRepeated) return await getFace(context, principal, { id: row.id, libraryId: null });
  await resolveLibrary(context, principal, row.libraryId);
  return row.face;
}
