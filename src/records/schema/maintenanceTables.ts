/** Tables of scheduled tasks: pending deletions of objects, integrity reports, positions of sweeps. */
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Deleted assets whose objects may still exist. A row is removed once the listing of its objects is empty. */
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

/**
 * One check of all rows and objects takes many scheduled runs. The table keeps the running and the last complete
 * report.
 */
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

/** MD5 of each part of a file that was stored by multipart upload, so that a scrub can verify the file in pieces. */
export const partChecksums = sqliteTable(
  "part_checksums",
  {
    versionId: text("version_id").primaryKey(),
    assetId: text("asset_id").notNull(),
    /** Size of every part but the last. */
    partBytes: integer("part_bytes").notNull(),
    /** The digests in order, 16 bytes each, base64. */
    md5s: text("md5s").notNull(),
  },
  (t) => [index("part_checksums_by_asset").on(t.assetId)],
);

/** One round of the scrub reads every stored original once, over many scheduled runs. The last two rounds are kept. */
export const scrubRounds = sqliteTable("scrub_rounds", {
  id: integer("id").primaryKey({ autoIncrement: true }),
  /** The file and part after which the next run continues, in the format of operations/maintenance/scrub. */
  position: text("position").notNull(),
  filesChecked: integer("files_checked").notNull().default(0),
  bytesChecked: integer("bytes_checked").notNull().default(0),
  corruptedCount: integer("corrupted_count").notNull().default(0),
  startedAt: integer("started_at").notNull(),
  updatedAt: integer("updated_at").notNull(),
  completedAt: integer("completed_at"),
});

/** Files whose stored bytes differ from the upload, until they are deleted or a later check finds them intact. */
export const corruptedFiles = sqliteTable(
  "corrupted_files",
  {
    versionId: text("version_id").primaryKey(),
    assetId: text("asset_id").notNull(),
    /** Byte range that was read, and the digest of it: SHA-256 of a whole file, MD5 of a part; base64. */
    firstByte: integer("first_byte").notNull(),
    byteCount: integer("byte_count").notNull(),
    expectedDigest: text("expected_digest").notNull(),
    actualDigest: text("actual_digest").notNull(),
    detectedAt: integer("detected_at").notNull(),
  },
  (t) => [index("corrupted_files_by_asset").on(t.assetId)],
);

/** Answers of creations that carried an Idempotency-Key, written in the batch of the creation. */
export const idempotencyKeys = sqliteTable(
  "idempotency_keys",
  {
    /** The API key that sent the request, or the root key. */
    credentialId: text("credential_id").notNull(),
    key: text("key").notNull(),
    /** SHA-256 of method, path and body, base64. */
    requestHash: text("request_hash").notNull(),
    /** The created row as JSON. An API key has only its id: its secret is never stored. */
    result: text("result").notNull(),
    createdAt: integer("created_at").notNull(),
  },
  (t) => [primaryKey({ columns: [t.credentialId, t.key] }), index("idempotency_keys_by_age").on(t.createdAt)],
);

/** The key after which each sweep continues. */
export const sweepPositions = sqliteTable("sweep_positions", {
  name: text("name").primaryKey(),
  position: text("position").notNull(),
  updatedAt: integer("updated_at").notNull(),
});
