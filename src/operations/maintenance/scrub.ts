/**
 * Reads every stored original again, a bounded number of bytes per scheduled run, and compares its digest with the
 * recorded one. Corrupted files are only listed in the integrity report.
 */
import { error as logError, info } from "../../kernel/log.ts";
import { originalKey } from "../../objects/keys.ts";
import { MD5_BYTES } from "../../objects/uploads/digests.ts";
import { findCorruption, type Expectation } from "../../objects/uploads/verification.ts";
import * as records from "../../records/maintenance/scrub.ts";
import type { Context } from "../context.ts";

/** Files read per run: each takes one R2 read, and one of more than 5 MiB a query. */
export const MAX_SCRUBBED_FILES_PER_RUN = 100;
/** Minimum bytes counted per read, so that a small budget also limits the number of subrequests. */
const MIN_READ_CHARGE_BYTES = 256 * 1024;
/** R2's smallest part: a file of this size is stored in one piece. */
const MIN_PART_BYTES = 5 * 1024 * 1024;
/** Minimum time between the starts of two rounds, which limits the reads of a small library. */
export const SCRUB_INTERVAL_MS = 7 * 24 * 3600_000;
const ASSETS_PER_QUERY = 100;

/** `assetId`: continue after this asset. `assetId/versionId/part`: continue with this part of the version's file. */
interface Position {
  assetId: string;
  /** The version and part to continue with; null checks all files of the asset. */
  resume: { versionId: string; part: number } | null;
}

function parsePosition(text: string): Position {
  const [assetId = "", versionId, part] = text.split("/");
  return { assetId, resume: versionId === undefined ? null : { versionId, part: Number(part) } };
}

/** State of one run. */
interface Run {
  remainingBytes: number;
  remainingFiles: number;
  progress: records.ScrubProgress;
  findings: Parameters<typeof records.saveRound>[2]["findings"];
  intact: records.CheckedRange[];
}

function isExhausted({ remainingBytes, remainingFiles }: Run): boolean {
  return remainingBytes <= 0 || remainingFiles <= 0;
}

/** The ranges in which a file is verified: its parts, or the whole file where it was stored in one piece. */
async function listExpectations(context: Context, file: records.StoredFile): Promise<Expectation[]> {
  const { versionId, sizeBytes, checksum } = file;
  const parts = sizeBytes > MIN_PART_BYTES ? await records.findPartChecksums(context.db, versionId) : null;
  if (parts === null) return [{ firstByte: 0, byteCount: sizeBytes, algorithm: "SHA-256", digest: checksum }];
  const { partBytes } = parts;
  const md5s = Uint8Array.fromBase64(parts.md5s);
  return Array.from({ length: md5s.byteLength / MD5_BYTES }, (_, i) => ({
    firstByte: i * partBytes,
    byteCount: Math.min(partBytes, sizeBytes - i * partBytes),
    algorithm: "MD5" as const,
    digest: md5s.subarray(i * MD5_BYTES, (i + 1) * MD5_BYTES).toBase64(),
  }));
}

async function checkRange(
  context: Context,
  run: Run,
  address: { assetId: string; versionId: string },
  range: Expectation,
): Promise<void> {
  const { firstByte, byteCount, digest: expectedDigest } = range;
  const actualDigest = await findCorruption(context.bucket, originalKey(address.assetId, address.versionId), range);
  run.remainingBytes -= Math.max(byteCount, MIN_READ_CHARGE_BYTES);
  run.progress.bytesChecked += byteCount;
  if (actualDigest === null) {
    run.intact.push({ versionId: address.versionId, firstByte });
    return;
  }
  run.progress.corruptedCount += 1;
  run.findings.push({ ...address, firstByte, byteCount, expectedDigest, actualDigest });
  logError("stored file is corrupted", { ...address, first_byte: firstByte, byte_count: byteCount });
}

/** Returns false if the run ended within the file. */
async function checkFile(context: Context, run: Run, assetId: string, file: records.StoredFile, firstPart: number) {
  const { versionId } = file;
  const ranges = await listExpectations(context, file);
  for (let part = firstPart; part < ranges.length; part++) {
    run.progress.position = `${assetId}/${versionId}/${part}`;
    const range = ranges[part];
    if (isExhausted(run)) return false;
    if (range !== undefined) await checkRange(context, run, { assetId, versionId }, range);
  }
  run.remainingFiles -= 1;
  run.progress.filesChecked += 1;
  return true;
}

/** Returns false if the run ended within the asset. A version that was deleted meanwhile is skipped. */
async function checkAsset(context: Context, run: Run, asset: records.StoredFiles, resume: Position["resume"]) {
  const { assetId, files } = asset;
  const resumed = files.findIndex((file) => file.versionId === resume?.versionId);
  for (const [i, file] of files.entries()) {
    if (i < resumed) continue;
    const firstPart = i === resumed ? (resume?.part ?? 0) : 0;
    if (!(await checkFile(context, run, assetId, file, firstPart))) return false;
  }
  run.progress.position = assetId;
  return true;
}

async function checkFiles(context: Context, run: Run): Promise<void> {
  while (!isExhausted(run)) {
    const { assetId, resume } = parsePosition(run.progress.position);
    const page = await records.listStoredFiles(context.db, { assetId, isIncluded: resume !== null }, ASSETS_PER_QUERY);
    if (page.length === 0) {
      run.progress.completedAt = context.nowMs;
      return;
    }
    for (const asset of page) {
      const isResumed = asset.assetId === assetId;
      if (isExhausted(run) || !(await checkAsset(context, run, asset, isResumed ? resume : null))) return;
    }
  }
}

/**
 * Continues the current round, or starts the next one a week after the last. Reads at most `SCRUB_BYTES_PER_RUN` and
 * one part; 0 turns the scrub off. An R2 failure ends the run after what was checked is saved. Returns true when a
 * round was completed.
 */
export async function scrubOriginals(context: Context): Promise<boolean> {
  const { scrubBytesPerRun } = context.config;
  if (scrubBytesPerRun === 0) return false;
  const round = await records.openRound(context.db, context.nowMs - SCRUB_INTERVAL_MS, context.nowMs);
  if (round === null) return false;
  const { position, filesChecked, bytesChecked, corruptedCount } = round;
  const run: Run = {
    remainingBytes: scrubBytesPerRun,
    remainingFiles: MAX_SCRUBBED_FILES_PER_RUN,
    progress: { position, filesChecked, bytesChecked, corruptedCount, completedAt: null },
    findings: [],
    intact: [],
  };
  try {
    await checkFiles(context, run);
  } finally {
    await records.saveRound(context.db, round, run, context.nowMs);
  }
  const isComplete = run.progress.completedAt !== null;
  if (isComplete) info("scrub completed", { files: run.progress.filesChecked, corrupted: run.progress.corruptedCount });
  return isComplete;
}
