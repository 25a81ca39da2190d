/** The report of the integrity walk, and the rows that it holds against the bucket. Judges nothing. */
import { and, asc, desc, eq, gt, isNotNull, isNull, lt, lte, sql } from "drizzle-orm";
import { z } from "zod";
import type { Database } from "../database.ts";
import { assets, integrityFindings, integrityReports } from "../schema/schema.ts";

export type IntegrityReport = typeof integrityReports.$inferSelect;

export type Finding = Omit<typeof integrityFindings.$inferInsert, "reportId">;

/** The running report, or a new one. */
export async function openReport(db: Database, position: string, atMs: number): Promise<IntegrityReport> {
  const running = sql`(SELECT 1 FROM integrity_reports WHERE completed_at IS NULL)`;
  const [, rows] = await db.orm.batch([
    db.statement(sql`INSERT INTO integrity_reports (position, started_at, updated_at)
      SELECT ${position}, ${atMs}, ${atMs} WHERE NOT EXISTS ${running}`),
    db.orm
      .select()
      .from(integrityReports)
      .where(isNull(integrityReports.completedAt))
      .orderBy(desc(integrityReports.id)),
  ]);
  const report = rows[0];
  if (report === undefined) throw new Error("no integrity report is open");
  return report;
}

/** An asset's versions that have a file: the upload, and what was derived from it, with how long each is. */
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

/** In order of ids behind `afterId`, up to and with `untilId`; null: to the end. */
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

/** Of these assets, the ones that are still there, as they are now. */
export async function listStillExpected(db: Database, assetIds: string[]): Promise<ExpectedFiles[]> {
  const rows = await selectExpected(db).where(
    sql`${assets.id} IN (SELECT value FROM json_each(${JSON.stringify(assetIds)}))`,
  );
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
 * Saves how far a run has come, if no other run was there first. A completed report replaces the ones before it.
 * `findings` hold what the table is to keep of them; the counts are of all.
 */
export async function saveReport(
  db: Database,
  report: IntegrityReport,
  progress: ReportProgress,
  findings: Finding[],
  atMs: number,
): Promise<void> {
  const mine = and(eq(integrityReports.id, report.id), eq(integrityReports.position, report.position));
  const held = sql`EXISTS (SELECT 1 FROM integrity_reports WHERE id = ${report.id} AND position = ${report.position})`;
  const older = progress.completedAt === null ? sql`0` : held;
  await db.orm.batch([
    db.statement(sql`INSERT INTO integrity_findings (report_id, kind, subject, expected_bytes, stored_bytes)
      SELECT ${report.id}, f.value ->> 'kind', f.value ->> 'subject', f.value ->> 'expectedBytes', f.value ->> 'storedBytes'
      FROM json_each(${JSON.stringify(findings)}) f WHERE ${held}
      ON CONFLICT DO NOTHING`),
    db.orm.delete(integrityFindings).where(and(lt(integrityFindings.reportId, report.id), older)),
    db.orm.delete(integrityReports).where(and(lt(integrityReports.id, report.id), older)),
    db.orm
      .update(integrityReports)
      .set({ ...progress, updatedAt: atMs })
      .where(mine),
  ]);
}

export interface Reports {
  complete: IntegrityReport | null;
  findings: Finding[];
  running: IntegrityReport | null;
}

/** The last complete report with what it found, and the one that is under way. */
export async function readReports(db: Database): Promise<Reports> {
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
