/** Tables of scheduled tasks: pending deletions of objects, integrity reports, positions of sweeps. */
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Deleted assets whose objects may still exist. A row is removed once a listing finds no object. */
export const assetCleanups = sqliteTable(
  "asset_cleanups",
  {
    assetId: text("asset_id").primaryKey(),
    dueAt: integer("due_at").notNull(),
  },
  (t) => [index("asset_cleanups_due").on(t.dueAt)],
);

/** Versions whose objects are deleted at `dueAt`, unless a batch makes the version current first. */
export const versionCleanups = sqliteTable(
  "version_cleanups",
  {
    versionId: text("version_id").primaryKey(),
    assetId: text("asset_id").notNull(),
    dueAt: integer("due_at").notNull(),
  },
  (t) => [index("version_cleanups_due").on(t.dueAt)],
);

/** One check of all rows and objects takes many scheduled runs. The table keeps the running and the last complete report. */
export const integrityReports = sqliteTable("integrity_reports", {
  id: integer("id").primaryKey({ autoIncrement: true }),
  /** The key after which the next run continues, in the format of operations/maintenance/integrity. */
  position: text("position").notNull(),
  assetsChecked: integer("assets_checked").notNull().default(0),
  objectsChecked: integer("objects_checked").notNull().default(0),
  /** Totals, which may exceed the number of stored findings. */
  missingCount: integer("missing_count").notNull().default(0),
  orphanCount: integer("orphan_count").notNull().default(0),
  mismatchCount: integer("mismatch_count").notNull().default(0),
  startedAt: integer("started_at").notNull(),
  updatedAt: integer("updated_at").notNull(),
  completedAt: integer("completed_at"),
});

export const integrityFindings = sqliteTable(
  "integrity_findings",
  {
    reportId: integer("report_id").notNull(),
    kind: text("kind", { enum: ["missing", "orphan", "mismatch"] }).notNull(),
    /** An asset's id, or an object's key. */
    subject: text("subject").notNull(),
    expectedBytes: integer("expected_bytes"),
    storedBytes: integer("stored_bytes"),
  },
  (t) => [primaryKey({ columns: [t.reportId, t.kind, t.subject] })],
);

/** The key after which each sweep continues. */
export const sweepPositions = sqliteTable("sweep_positions", {
  name: text("name").primaryKey(),
  position: text("position").notNull(),
  updatedAt: integer("updated_at").notNull(),
});
