/**
 * Uploads and deduplicates an asset: file to R2, row and tasks to D1, then one queue message. Every step is repeatable;
 * the sweep recovers after a crash between two steps.
 */
import type { MediaInfo } from "../../media/inspect/mediaInfo.ts";
import { insertAssetIfNew, type FacedAsset, type InsertResult, type NewAsset } from "../../records/assets/assets.ts";
import type { LibraryState } from "../../records/libraries/libraries.ts";
import type { Principal } from "../accounts/authentication.ts";
import type { Context } from "../context.ts";
import { purgeAssets } from "../deletion/purge.ts";
import { enqueue } from "../tasks/taskQueue.ts";
import { newAsset, type AssetFields } from "./newAsset.ts";
import { discardFile, fieldsTooLate, inspectFile, isTooLate, receiveFile, type ReceivedFile } from "./receivedFile.ts";
import { findUploadTarget, resolveTargetLibrary, throwInsertConflict, type TargetCandidates } from "./targetLibrary.ts";
import { checkDeclaredDigests } from "./declaredDigests.ts";
import { undoOnError, type DeclaredDigests, type UploadSource } from "./uploadSource.ts";

export interface UploadFields extends AssetFields {
  libraryId: string | null;
  declared: DeclaredDigests[];
}

export interface UploadResult {
  asset: FacedAsset;
  /** False for a duplicate: `asset` is the existing one, which may be in the trash. */
  created: boolean;
}

/** Inserts the row. An existing asset in a cleared trash is purged first, so that the upload replaces it. */
async function insertRow(context: Context, upload: NewAsset): Promise<InsertResult | null> {
  const first = await insertAssetIfNew(context.db, upload);
  if (first === null || !first.trashCleared) return first;
  await purgeAssets(context, [first.asset.id], { kind: "trash", trashedBefore: 0 });
  return await insertAssetIfNew(context.db, upload);
}

/**
 * After a D1 error the object stays, because the batch may have been committed: the client retries, the sweep cleans
 * up.
 */
async function register(
  context: Context,
  file: ReceivedFile,
  info: MediaInfo,
  { fields, library }: { fields: AssetFields; library: LibraryState },
): Promise<UploadResult> {
  const result = await insertRow(context, newAsset(file, fields, info, library, context.nowMs));
  if (result?.created === true) await enqueue(context.queue, result.asset.id);
  else await discardFile(context, file);
  return result ?? (await throwInsertConflict(context, library));
}

async function finishForm(
  context: Context,
  principal: Principal,
  source: UploadSource<UploadFields>,
  candidates: TargetCandidates,
  file: ReceivedFile,
): Promise<{ fields: UploadFields; library: LibraryState }> {
  const fields = await source.finish();
  if (isTooLate(file.receivedAtMs)) throw fieldsTooLate();
  checkDeclaredDigests(file.stored, [file.declared, ...fields.declared], ["body", "asset_data"]);
  const library = await resolveTargetLibrary(context, principal, candidates, fields.libraryId);
  return { fields, library };
}

/**
 * Stores a file and registers it as an asset, or returns the asset of the library that has the same SHA-256. Storage
 * limits are checked before the first byte and again by the insert. The object of a failed or duplicate upload is
 * deleted. An asset of the library with the digests that were declared before the file is returned at once, which skips
 * the file and the fields after it.
 *
 * @throws {AppError} the errors of `source`; `validation_error` for the file name, an empty file or a digest mismatch;
 *   `storage_limit_exceeded`, `not_found` or `bad_request` for the library; `write_conflict` to be retried.
 */
export async function uploadAsset(
  context: Context,
  principal: Principal,
  source: UploadSource<UploadFields>,
): Promise<UploadResult> {
  const { file: incoming, earlyFields } = await source.open();
  const declared = [{ sha256: incoming.declaredSha256, sha1: null }, ...(earlyFields.declared ?? [])];
  const candidates = await findUploadTarget(context, principal, earlyFields.libraryId ?? null, declared);
  if (candidates.duplicate !== null) return { asset: candidates.duplicate, created: false };
  const file = await receiveFile(context, incoming);
  const discard = () => discardFile(context, file);
  const inspect = () => undoOnError(inspectFile(context, file), discard);
  // A file in memory is read before the rest of the form, so that its memory is free before the client sends the rest.
  const info = file.stored.head === null ? null : await inspect();
  const form = await undoOnError(finishForm(context, principal, source, candidates, file), discard);
  return await register(context, file, info ?? (await inspect()), form);
}
