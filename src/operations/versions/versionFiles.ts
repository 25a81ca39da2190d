/**
 * The file of a version on its way in: checked, given the upload's metadata, hashed and stored as it arrives.
 * Nothing points at it yet; a note written before its first byte sees to it that it does not stay for nothing.
 */
import { invalid, notFound } from "../../kernel/errors.ts";
import { newId } from "../../kernel/ids.ts";
import { warn } from "../../kernel/log.ts";
import { BrokenPicture } from "../../media/transcode/rewrite/malformedImage.ts";
import { readCarried } from "../../media/transcode/rewrite/preservedMetadata.ts";
import { rewriteStill, type Rewritten } from "../../media/transcode/rewrite/rewriteImage.ts";
import { runningSha256, type RunningSha256 } from "../../objects/uploads/digests.ts";
import { originalKey } from "../../objects/keys.ts";
import { storeOriginal, type StoredOriginal } from "../../objects/uploads/originals.ts";
import { findAssetForWork } from "../../records/assets/assets.ts";
import type { Database } from "../../records/database.ts";
import { forgetVersionDeletions, intendVersion } from "../../records/versions/versionCleanups.ts";
import { parseOriginal } from "../assets/originalReader.ts";
import type { Bell } from "../tasks/taskOutcome.ts";
import { deleteVersionObjects } from "./versionCleanup.ts";
import type { VersionTarget } from "./versionPreconditions.ts";

export interface VersionDeps {
  db: Database;
  bucket: R2Bucket;
  queue: Bell;
  nowMs: number;
}

export interface SentFile {
  body: AsyncIterable<Uint8Array>;
  /** What its part says that it is. */
  declaredType: string | null;
  /** A hint for the first buffer, trusted for nothing. */
  sizeHint: number | null;
}

export interface StoredVersion {
  id: string;
  mimeType: string;
  width: number;
  height: number;
  stored: StoredOriginal;
  receivedAtMs: number;
}

export interface ReceivedVersion {
  target: VersionTarget;
  /** SHA-256 of the bytes as they were sent. */
  sentChecksum: string;
  /** Null where the target takes none. */
  file: StoredVersion | null;
}

const loc = ["body", "file"];
/** Before the upload's metadata is put in, and behind it. */
const MAX_FILE_BYTES = 100 * 1024 * 1024;
/** No upload takes this long; what has no row by then gets none. */
const INTENT_MS = 24 * 3600_000;

async function* bounded(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let sizeBytes = 0;
  for await (const chunk of chunks) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > MAX_FILE_BYTES) throw invalid(loc, "is larger than 100 MiB");
    yield chunk;
  }
}

async function* hashed(chunks: AsyncIterable<Uint8Array>, digest: RunningSha256): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    await digest.add(chunk);
    yield chunk;
  }
}

/** Other spellings of the two types, and the ones that say nothing. */
const spellings = new Map([
  ["image/jpg", "image/jpeg"],
  ["image/pjpeg", "image/jpeg"],
  ["image/x-png", "image/png"],
]);
const UNSAID = ["", "application/octet-stream", "binary/octet-stream"];

/** The bytes decide; a part that says otherwise was meant to be something else. */
function demandDeclared(declaredType: string | null, mimeType: string): void {
  const [written = ""] = (declaredType ?? "").split(";", 1);
  const declared = written.trim().toLowerCase();
  if (UNSAID.includes(declared) || (spellings.get(declared) ?? declared) === mimeType) return;
  throw invalid(loc, `is ${mimeType} by its bytes, and its Content-Type says ${JSON.stringify(written.slice(0, 100))}`);
}

async function picked(rewriting: Promise<Rewritten>, file: SentFile) {
  const rewritten = await rewriting;
  if (rewritten.kind === "empty") throw invalid(loc, "is empty");
  if (rewritten.kind === "other") throw invalid(loc, "must be a JPEG or PNG");
  demandDeclared(file.declaredType, rewritten.mimeType);
  return rewritten;
}

/** Never fails the answer: the note stays where the object may have stayed. */
export async function discardVersion(deps: VersionDeps, assetId: string, versionId: string): Promise<void> {
  if (!(await deleteVersionObjects(deps.bucket, [{ assetId, versionId }]))) return;
  try {
    await forgetVersionDeletions(deps.db, [versionId]);
  } catch (error) {
    warn("the note of a discarded version is left to the schedule", { version: versionId, error: String(error) });
  }
}

/** For a file that came with a form that turned out wrong. */
export async function discardReceived(deps: VersionDeps, { target, file }: ReceivedVersion): Promise<void> {
  if (file !== null) await discardVersion(deps, target.asset.id, file.id);
}

async function store(deps: VersionDeps, target: VersionTarget, file: SentFile): Promise<StoredVersion> {
  const assetId = target.asset.id;
  const { id: originalId, fileSizeBytes: sizeBytes } = target.original;
  const upload = { key: originalKey(assetId, originalId), sizeBytes };
  const carried = await parseOriginal(deps.bucket, upload, readCarried).catch(async (error: unknown) => {
    // Someone may have deleted it since it was found.
    throw (await findAssetForWork(deps.db, assetId)) === null ? notFound("asset") : error;
  });
  const picture = await picked(rewriteStill(file.body, carried), file);
  const id = newId("assetVersion", deps.nowMs);
  await intendVersion(deps.db, { assetId, versionId: id }, Date.now() + INTENT_MS);
  const { mimeType, size } = picture;
  try {
    const stored = await storeOriginal(deps.bucket, originalKey(assetId, id), bounded(picture.bytes), {
      contentType: mimeType,
      sizeHint: file.sizeHint,
    });
    return { id, mimeType, ...size, stored, receivedAtMs: Date.now() };
  } catch (error) {
    await discardVersion(deps, assetId, id);
    throw error instanceof BrokenPicture ? invalid(loc, error.message) : error;
  }
}

/** Reads the file whether or not it will be stored: a repeated call is known by what was sent. */
export async function receiveVersion(
  deps: VersionDeps,
  target: VersionTarget,
  file: SentFile,
): Promise<ReceivedVersion> {
  const digest = runningSha256();
  const body = hashed(bounded(file.body), digest);
  if (target.refusal !== null) {
    for await (const chunk of body) void chunk;
    return { target, sentChecksum: await digest.finish(), file: null };
  }
  const stored = await store(deps, target, { ...file, body });
  return { target, sentChecksum: await digest.finish(), file: stored };
}

/** Whoever dawdles behind the file is refused before the sweep may take it. */
export function isInTime(file: StoredVersion, withinMs: number): boolean {
  return Date.now() - file.receivedAtMs <= withinMs;
}
