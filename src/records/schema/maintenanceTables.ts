/** Tables of the schedule: what is still to be deleted, what the last walk over all objects found, how far sweeps are. */
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Assets whose rows are gone and whose objects may not be: a row stays until a listing has found nothing more. */
export const deletions = sqliteTable(
  "deletions",
  {
    assetId: text("asset_id").primaryKey(),
    dueAt: integer("due_at").notNull(),
  },
  (t) => [index("deletions_due").on(t.dueAt)],
);

/** The same for single versions of assets that live on. */
export const versionDeletions = sqliteTable(
  "version_deletions",
  {
    versionId: text("version_id").primaryKey(),
    assetId: text("asset_id").notNull(),
    dueAt: integer("due_at").notNull(),
  },
  (t) => [index("version_deletions_due").on(t.dueAt)],
);

/** One walk over all rows and objects; it takes many scheduled runs. Kept: the running one and the last complete one. */
export const integrityReports = sqliteTable("integrity_reports", {
  id: integer("id").primaryKey({ autoIncrement: true }),
  /** The key behind which the next run goes on, in the form operations/integrity gives it. */
  position: text("position").notNull(),
  assetsChecked: integer("assets_checked").notNull().default(0),
  objectsChecked: integer("objects_checked").notNull().default(0),
  /** How many there are, however few of them are kept. */
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

/** How far each scheduled sweep has come. */
export const sweeps = sqliteTable("sweeps", {
  name: text("name").primaryKey(),
  position: text("position").notNull(),
  updatedAt: integer("updated_at").notNull(),
});
