/** Integrity reports, and the rows that the integrity check compares with the bucket. */
import { and, asc, desc, eq, gt, isNotNull, isNull, lt, lte, sql } from "drizzle-orm";
import { z } from "zod";
import type { Database } from "../database.ts";
import { assets, integrityFindings, integrityReports } from "../schema/schema.ts";
import { inList, jsonEach } from "../sql/jsonList.ts";

export type IntegrityReport = typeof integrityReports.$inferSelect;

export type IntegrityFinding = Omit<typeof integrityFindings.$inferInsert, "reportId">;

/** Returns the running report, or creates one. Returns null if another was started after `startedBefore`. */
export async function openReport(
  db: Database,
  position: string,
  startedBefore: number,
  atMs: number,
): Promise<IntegrityReport | null> {
  const running = sql`(SELECT 1 FROM integrity_reports WHERE completed_at IS NULL OR started_at > ${startedBefore})`;
  const [, rows] = await db.orm.batch([
    db.statement(sql`INSERT INTO integrity_reports (position, started_at, updated_at)
      SELECT ${position}, ${atMs}, ${atMs} WHERE NOT EXISTS ${running}`),
    db.orm
      .select()
      .from(integrityReports)
      .where(isNull(integrityReports.completedAt))
      .orderBy(desc(integrityReports.id)),
  ]);
  return rows[0] ?? null;
}

/** The files of an asset, with their sizes: the upload and its edited versions. */
export interface ExpectedFiles {
  assetId: string;
  files: { versionId: string; sizeBytes: number }[];
}

const derivedFiles = sql<string>`CASE WHEN original_version_id IS NULL THEN '[]' ELSE
  (SELECT json_group_array(json_object('versionId', v.id, 'sizeBytes', v.file_size_bytes))
    FROM asset_versions v WHERE v.asset_id = assets.id AND v.position > 0) END`;
const derivedColumn = z.array(z.object({ versionId: z.string(), sizeBytes: z.number() }));

function selectExpected(db: Database) {
  return db.orm
    .select({
      assetId: assets.id,
      versionId: sql<string>`coalesce(original_version_id, current_version_id)`,
      sizeBytes: assets.fileSizeBytes,
      derived: derivedFiles,
    })
    .from(assets);
}

function expectedFiles(row: { assetId: string; versionId: string; sizeBytes: number; derived: string }): ExpectedFiles {
  const { assetId, derived, ...upload } = row;
  return { assetId, files: [upload, ...derivedColumn.parse(JSON.parse(derived))] };
}

/** In order of ids after `afterId`, up to and including `untilId`; null: to the end. */
export async function listExpectedFiles(
  db: Database,
  range: { afterId: string; untilId: string | null; limit: number },
): Promise<ExpectedFiles[]> {
  const until = range.untilId === null ? undefined : lte(assets.id, range.untilId);
  const rows = await selectExpected(db)
    .where(and(gt(assets.id, range.afterId), until))
    .orderBy(asc(assets.id))
    .limit(range.limit);
  return rows.map(expectedFiles);
}

/** Reads the current expected files of these assets, without those that were deleted. */
export async function relistExpectedFiles(db: Database, assetIds: string[]): Promise<ExpectedFiles[]> {
  const rows = await selectExpected(db).where(inList(assets.id, assetIds));
  return rows.map(expectedFiles);
}

export interface ReportProgress {
  position: string;
  assetsChecked: number;
  objectsChecked: number;
  missingCount: number;
  orphanCount: number;
  mismatchCount: number;
  completedAt: number | null;
}

/**
 * Saves the progress of a run, unless a concurrent run has saved first. A completed report replaces the earlier ones.
 * `findings` are the ones to store; the counts include all of them.
 */
export async function saveReport(
  db: Database,
  report: IntegrityReport,
  progress: ReportProgress,
  findings: IntegrityFinding[],
  atMs: number,
): Promise<void> {
  const readReport = and(eq(integrityReports.id, report.id), eq(integrityReports.position, report.position));
  const unchanged = sql`EXISTS (SELECT 1 FROM integrity_reports WHERE id = ${report.id} AND position = ${report.position})`;
  const replacesEarlier = progress.completedAt === null ? sql`0` : unchanged;
  await db.orm.batch([
    db.statement(sql`INSERT INTO integrity_findings (report_id, kind, subject, expected_bytes, stored_bytes)
      SELECT ${report.id}, f.value ->> 'kind', f.value ->> 'subject', f.value ->> 'expectedBytes', f.value ->> 'storedBytes'
      FROM ${jsonEach(findings)} f WHERE ${unchanged}
      ON CONFLICT DO NOTHING`),
    db.orm.delete(integrityFindings).where(and(lt(integrityFindings.reportId, report.id), replacesEarlier)),
    db.orm.delete(integrityReports).where(and(lt(integrityReports.id, report.id), replacesEarlier)),
    db.orm
      .update(integrityReports)
      .set({ ...progress, updatedAt: atMs })
      .where(readReport),
  ]);
}

export interface IntegrityReports {
  complete: IntegrityReport | null;
  findings: IntegrityFinding[];
  running: IntegrityReport | null;
}

/** The last complete report with its findings, and the running one. */
export async function readReports(db: Database): Promise<IntegrityReports> {
  const latest = sql`(SELECT max(id) FROM integrity_reports WHERE completed_at IS NOT NULL)`;
  const [complete, findings, running] = await db.orm.batch([
    db.orm
      .select()
      .from(integrityReports)
      .where(and(isNotNull(integrityReports.completedAt), eq(integrityReports.id, latest))),
    db.orm
      .select()
      .from(integrityFindings)
      .where(eq(integrityFindings.reportId, latest))
      .orderBy(asc(integrityFindings.kind), asc(integrityFindings.subject)),
    db.orm.select().from(integrityReports).where(isNull(integrityReports.completedAt)).limit(1),
  ]);
  return { complete: complete[0] ?? null, findings, running: running[0] ?? null };
}
