/** Rounds of the scrub, the files it reads, and the corrupted ones it found. */
import { and, asc, desc, eq, gt, gte, isNotNull, isNull, lt, sql, type SQL } from "drizzle-orm";
import { z } from "zod";
import type { Database } from "../database.ts";
import { assets, corruptedFiles, partChecksums, scrubRounds } from "../schema/schema.ts";
import { jsonEach } from "../sql/jsonList.ts";

export type ScrubRound = typeof scrubRounds.$inferSelect;
export type CorruptedFile = typeof corruptedFiles.$inferSelect;

/** Returns the running round. Starts one if the last one started before `startedBefore`; null if it is too early. */
export async function openRound(db: Database, startedBefore: number, atMs: number): Promise<ScrubRound | null> {
  const recent = sql`(SELECT 1 FROM scrub_rounds WHERE completed_at IS NULL OR started_at > ${startedBefore})`;
  const [, rows] = await db.orm.batch([
    db.statement(sql`INSERT INTO scrub_rounds (position, started_at, updated_at)
      SELECT '', ${atMs}, ${atMs} WHERE NOT EXISTS ${recent}`),
    db.orm.select().from(scrubRounds).where(isNull(scrubRounds.completedAt)).orderBy(desc(scrubRounds.id)),
  ]);
  return rows[0] ?? null;
}

export interface StoredFile {
  versionId: string;
  sizeBytes: number;
  /** SHA-256, base64. */
  checksum: string;
}

export interface StoredFiles {
  assetId: string;
  /** The upload, then its edited versions. */
  files: StoredFile[];
}

const editedFiles = sql<string>`CASE WHEN original_version_id IS NULL THEN '[]' ELSE
  (SELECT json_group_array(json_object('versionId', id, 'sizeBytes', file_size_bytes, 'checksum', checksum)) FROM (
    SELECT * FROM asset_versions v WHERE v.asset_id = assets.id AND v.position > 0 ORDER BY v.id)) END`;
const editedColumn = z.array(z.object({ versionId: z.string(), sizeBytes: z.number(), checksum: z.string() }));

/** In order of ids: from `assetId`, or only those after it. */
export async function listStoredFiles(
  db: Database,
  start: { assetId: string; isIncluded: boolean },
  limit: number,
): Promise<StoredFiles[]> {
  const rows = await db.orm
    .select({
      assetId: assets.id,
      versionId: sql<string>`coalesce(original_version_id, current_version_id)`,
      sizeBytes: assets.fileSizeBytes,
      checksum: assets.checksum,
      edited: editedFiles,
    })
    .from(assets)
    .where((start.isIncluded ? gte : gt)(assets.id, start.assetId))
    .orderBy(asc(assets.id))
    .limit(limit);
  return rows.map(({ assetId, edited, ...upload }) => ({
    assetId,
    files: [upload, ...editedColumn.parse(JSON.parse(edited))],
  }));
}

/** Part size in bytes, and the MD5 digests in order, base64. Null for a file stored in one piece. */
export async function findPartChecksums(db: Database, versionId: string) {
  const { partBytes, md5s } = partChecksums;
  const row = await db.orm
    .select({ partBytes, md5s })
    .from(partChecksums)
    .where(eq(partChecksums.versionId, versionId))
    .get();
  return row ?? null;
}

/** A byte range of a file that was read, which is known to be intact or corrupted. */
export interface CheckedRange {
  versionId: string;
  firstByte: number;
}

export interface ScrubProgress {
  position: string;
  filesChecked: number;
  bytesChecked: number;
  corruptedCount: number;
  completedAt: number | null;
}

/** Inserts the findings of files that still exist. A file keeps the finding of its first corrupted range. */
function insertFindings(db: Database, findings: Omit<CorruptedFile, "detectedAt">[], unchanged: SQL, atMs: number) {
  return db.statement(sql`INSERT INTO corrupted_files
      (version_id, asset_id, first_byte, byte_count, expected_digest, actual_digest, detected_at)
    SELECT f.value ->> 'versionId', f.value ->> 'assetId', f.value ->> 'firstByte', f.value ->> 'byteCount',
      f.value ->> 'expectedDigest', f.value ->> 'actualDigest', ${atMs}
    FROM ${jsonEach(findings)} f JOIN assets a ON a.id = f.value ->> 'assetId'
    WHERE ${unchanged} AND (f.value ->> 'versionId' = coalesce(a.original_version_id, a.current_version_id)
      OR EXISTS (SELECT 1 FROM asset_versions v WHERE v.id = f.value ->> 'versionId'))
    ON CONFLICT (version_id) DO NOTHING`);
}

/**
 * Saves the progress of a run with its findings, and removes earlier findings of ranges that are intact now. Has no
 * effect if a concurrent run saved first. A completed round replaces the earlier ones.
 */
export async function saveRound(
  db: Database,
  round: ScrubRound,
  run: { progress: ScrubProgress; findings: Omit<CorruptedFile, "detectedAt">[]; intact: CheckedRange[] },
  atMs: number,
): Promise<void> {
  const isUnchanged = and(
    eq(scrubRounds.id, round.id),
    eq(scrubRounds.updatedAt, round.updatedAt),
    isNull(scrubRounds.completedAt),
  );
  const unchanged = sql`EXISTS (SELECT 1 FROM scrub_rounds WHERE ${isUnchanged})`;
  await db.orm.batch([
    db.statement(sql`DELETE FROM corrupted_files WHERE ${unchanged} AND (version_id, first_byte) IN (
      SELECT c.value ->> 'versionId', c.value ->> 'firstByte' FROM ${jsonEach(run.intact)} c)`),
    insertFindings(db, run.findings, unchanged, atMs),
    db.orm
      .delete(scrubRounds)
      .where(and(lt(scrubRounds.id, round.id), run.progress.completedAt === null ? sql`0` : unchanged)),
    db.orm
      .update(scrubRounds)
      .set({ ...run.progress, updatedAt: Math.max(atMs, round.updatedAt + 1) })
      .where(isUnchanged),
  ]);
}

export interface ScrubReport {
  complete: ScrubRound | null;
  running: ScrubRound | null;
  corruptedCount: number;
  /** The first ones. */
  corrupted: CorruptedFile[];
}

export async function readScrub(db: Database, maxFindings: number): Promise<ScrubReport> {
  const [complete, running, counts, corrupted] = await db.orm.batch([
    db.orm.select().from(scrubRounds).where(isNotNull(scrubRounds.completedAt)).orderBy(desc(scrubRounds.id)).limit(1),
    db.orm.select().from(scrubRounds).where(isNull(scrubRounds.completedAt)).orderBy(desc(scrubRounds.id)).limit(1),
    db.orm.select({ count: sql<number>`count(*)` }).from(corruptedFiles),
    db.orm.select().from(corruptedFiles).orderBy(asc(corruptedFiles.versionId)).limit(maxFindings),
  ]);
  const corruptedCount = counts[0]?.count ?? 0;
  return { complete: complete[0] ?? null, running: running[0] ?? null, corruptedCount, corrupted };
}
