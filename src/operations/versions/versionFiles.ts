/**
 * The file of a new version between the request and its row: validated, given the upload's metadata, hashed and stored
 * in one pass. A cleanup record written before its first byte deletes it unless a row follows.
 */
import { invalid, notFound } from "../../kernel/errors.ts";
import { newId } from "../../kernel/ids.ts";
import { warn } from "../../kernel/log.ts";
import { MalformedImageError } from "../../media/transcode/rewrite/malformedImage.ts";
import { readPreservedMetadata } from "../../media/transcode/rewrite/preservedMetadata.ts";
import { rewriteImage, type RewriteResult } from "../../media/transcode/rewrite/rewriteImage.ts";
import { originalKey } from "../../objects/keys.ts";
import { runningSha256, type RunningSha256 } from "../../objects/uploads/digests.ts";
import { storeOriginal, type StoredOriginal } from "../../objects/uploads/originals.ts";
import { findAssetForTask } from "../../records/assets/assets.ts";
import { completeVersionCleanups, scheduleVersionCleanup } from "../../records/versions/versionCleanups.ts";
import { parseOriginal } from "../assets/originalReader.ts";
import type { Context } from "../context.ts";
import type { IncomingFile } from "../uploads/uploadSource.ts";
import { deleteVersionObjects } from "./versionCleanup.ts";
import type { VersionPlan } from "./versionPreconditions.ts";

export interface StoredVersion {
  id: string;
  mimeType: string;
  width: number;
  height: number;
  stored: StoredOriginal;
  receivedAtMs: number;
}

export interface ReceivedVersion {
  plan: VersionPlan;
  /** SHA-256 of the bytes as sent, before the metadata is rewritten; identifies a repeated call. */
  sentChecksum: string;
  /** The stored file; null when the plan has a conflict. */
  file: StoredVersion | null;
}

const FILE_LOC = ["body", "file"];
/** Applies to the bytes as sent, and to the stored bytes with the upload's metadata. */
export const MAX_FILE_BYTES = 100 * 1024 * 1024;
/** Longer than any upload takes: a version without a row by then is abandoned. */
const CLEANUP_DELAY_MS = 24 * 3600_000;

async function* limitBytes(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let sizeBytes = 0;
  for await (const chunk of chunks) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > MAX_FILE_BYTES) throw invalid(FILE_LOC, "is larger than 100 MiB");
    yield chunk;
  }
}

async function* digestBytes(chunks: AsyncIterable<Uint8Array>, digest: RunningSha256): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    await digest.add(chunk);
    yield chunk;
  }
}

const mediaTypeAliases = new Map([
  ["image/jpg", "image/jpeg"],
  ["image/pjpeg", "image/jpeg"],
  ["image/x-png", "image/png"],
]);
const GENERIC_MEDIA_TYPES = ["", "application/octet-stream", "binary/octet-stream"];

/** The bytes decide the format; a contradicting Content-Type means that the client sent the wrong file. */
function checkContentType(contentType: string | null, mimeType: string): void {
  const [sent = ""] = (contentType ?? "").split(";", 1);
  const declared = sent.trim().toLowerCase();
  if (GENERIC_MEDIA_TYPES.includes(declared) || (mediaTypeAliases.get(declared) ?? declared) === mimeType) return;
  const shown = JSON.stringify(sent.slice(0, 100));
  throw invalid(FILE_LOC, `is ${mimeType} by its content, but its Content-Type is ${shown}`);
}

function requireImage(rewritten: RewriteResult, contentType: string | null) {
  if (rewritten.kind === "empty") throw invalid(FILE_LOC, "is empty");
  if (rewritten.kind === "other") throw invalid(FILE_LOC, "must be a JPEG or PNG");
  checkContentType(contentType, rewritten.mimeType);
  return rewritten;
}

/**
 * Deletes the objects of a rejected version and its cleanup record; after a failure the record stays and is retried.
 */
export async function discardVersion(context: Context, assetId: string, versionId: string): Promise<void> {
  if (!(await deleteVersionObjects(context.bucket, [{ assetId, versionId }]))) return;
  try {
    await completeVersionCleanups(context.db, [versionId]);
  } catch (error) {
    warn("failed to delete a cleanup record; the schedule will", { version: versionId, error: String(error) });
  }
}

/** Discards the file of a version whose form was rejected. */
export async function discardReceived(context: Context, { plan, file }: ReceivedVersion): Promise<void> {
  if (file !== null) await discardVersion(context, plan.asset.id, file.id);
}

async function storeVersion(context: Context, plan: VersionPlan, file: IncomingFile): Promise<StoredVersion> {
  const assetId = plan.asset.id;
  const { id: originalId, fileSizeBytes: sizeBytes } = plan.original;
  const upload = { key: originalKey(assetId, originalId), sizeBytes };
  const preserved = await parseOriginal(context.bucket, upload, readPreservedMetadata).catch(async (error: unknown) => {
    // The asset may have been deleted since the preconditions were checked.
    throw (await findAssetForTask(context.db, assetId)) === null ? notFound("asset") : error;
  });
  const image = requireImage(await rewriteImage(file.body, preserved), file.contentType);
  const id = newId("assetVersion", context.nowMs);
  await scheduleVersionCleanup(context.db, { assetId, versionId: id }, Date.now() + CLEANUP_DELAY_MS);
  const { mimeType, size } = image;
  try {
    const stored = await storeOriginal(context.bucket, originalKey(assetId, id), limitBytes(image.bytes), {
      contentType: mimeType,
      // The upload's metadata makes the file larger than the request.
      sizeHint: null,
    });
    return { id, mimeType, ...size, stored, receivedAtMs: Date.now() };
  } catch (error) {
    await discardVersion(context, assetId, id);
    throw error instanceof MalformedImageError ? invalid(FILE_LOC, error.message) : error;
  }
}

/**
 * Streams the file of a new version to R2. With a conflict in the plan the file is only hashed, to recognize a repeated
 * call.
 *
 * @throws {AppError} `validation_error` for a file that is empty, over 100 MiB, malformed, or neither JPEG nor PNG.
 */
export async function receiveVersion(
  context: Context,
  plan: VersionPlan,
  file: IncomingFile,
): Promise<ReceivedVersion> {
  const digest = runningSha256();
  const body = digestBytes(limitBytes(file.body), digest);
  if (plan.conflict !== null) {
    for await (const chunk of body) void chunk;
    return { plan, sentChecksum: await digest.finish(), file: null };
  }
  const stored = await storeVersion(context, plan, { ...file, body });
  return { plan, sentChecksum: await digest.finish(), file: stored };
}
