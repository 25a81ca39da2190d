/** The file of an upload between R2 and its row: stored under the new asset's key, and deleted if the upload fails. */
import { AppError, invalid } from "../../kernel/errors.ts";
import { newId } from "../../kernel/ids.ts";
import { warn } from "../../kernel/log.ts";
import { memorySource } from "../../media/inspect/bytes/byteSource.ts";
import { formatForFileName, type MediaFormat } from "../../media/inspect/formats.ts";
import { readMediaInfo, type MediaInfo } from "../../media/inspect/mediaInfo.ts";
import { originalKey } from "../../objects/keys.ts";
import { deleteOriginal, storeOriginal, type StoredOriginal } from "../../objects/uploads/originals.ts";
import { parseOriginal } from "../assets/originalReader.ts";
import type { Context } from "../context.ts";
import type { DeclaredDigests, IncomingFile } from "./uploadSource.ts";

export interface ReceivedFile {
  assetId: string;
  versionId: string;
  key: string;
  name: string;
  format: MediaFormat;
  stored: StoredOriginal;
  declared: DeclaredDigests;
  receivedAtMs: number;
}

export const MAX_NAME_CHARACTERS = 1024;

/** Uploads must register within this time; the sweep deletes objects without a row after twice as long. */
export const REGISTER_WITHIN_MS = 30 * 60_000;

/** The extension alone decides the media type, as in the Gumnut API. */
function requireFormat(name: string): MediaFormat {
  const loc = ["body", "asset_data"];
  if (name === "") throw invalid(loc, "must have a file name");
  if (Array.from(name).length > MAX_NAME_CHARACTERS)
    throw invalid(loc, `file name is longer than ${MAX_NAME_CHARACTERS} characters`);
  if (name.includes("\0")) throw invalid(loc, "file name must not contain NUL");
  const format = formatForFileName(name);
  if (format === null)
    throw invalid(loc, "file name must end in the extension of a photo or video format, such as .jpg or .mp4");
  return format;
}

/**
 * Streams a file to its final key under a new asset id and computes SHA-256 and SHA-1. The caller inserts its row.
 *
 * @throws {AppError} `validation_error` for an unusable name or an empty file; `storage_unavailable` when R2 fails.
 */
export async function receiveFile(context: Context, file: IncomingFile): Promise<ReceivedFile> {
  const name = file.name ?? "";
  const format = requireFormat(name);
  const assetId = newId("asset", context.nowMs);
  const versionId = newId("assetVersion", context.nowMs);
  const key = originalKey(assetId, versionId);
  const stored = await storeOriginal(context.bucket, key, file.body, {
    contentType: format.mimeType,
    sizeHint: file.sizeHint,
    keepsHead: true,
  });
  if (stored.sizeBytes === 0) throw invalid(["body", "asset_data"], "is empty");
  const declared = { sha256: file.declaredSha256, sha1: null };
  return { assetId, versionId, key, name, format, stored, declared, receivedAtMs: Date.now() };
}

/** Deletes the object of a duplicate or rejected upload. An R2 failure is logged, and the sweep deletes it later. */
export async function discardFile(context: Context, file: ReceivedFile): Promise<void> {
  try {
    await deleteOriginal(context.bucket, file.key);
  } catch (error) {
    warn("failed to delete a discarded upload; a scheduled sweep retries", { key: file.key, error: String(error) });
  }
}

/** Whether the sweep could soon delete a file received at `receivedAtMs`. */
export function isTooLate(receivedAtMs: number): boolean {
  return Date.now() - receivedAtMs > REGISTER_WITHIN_MS;
}

/** The error for form fields that arrive after the deadline, when the sweep could delete the file. */
export function fieldsTooLate(): AppError {
  return new AppError("bad_request", "form fields after the file arrived too late; send them before the file");
}

/**
 * Reads the metadata of a received file, from memory for a small file, else from ranges of the stored object. Then
 * frees the memory: other uploads may wait for it.
 */
export async function inspectFile(context: Context, { key, format, stored }: ReceivedFile): Promise<MediaInfo> {
  const { head, sizeBytes } = stored;
  try {
    if (head !== null) return await readMediaInfo(memorySource(head), format);
    return await parseOriginal(context.bucket, { key, sizeBytes }, (source) => readMediaInfo(source, format));
  } finally {
    stored.releaseHead();
  }
}
