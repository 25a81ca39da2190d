/** Every table and every index. Migrations are generated from this file; queries name the index they rely on. */
import { sql } from "drizzle-orm";
import { index, integer, real, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { cellExpression, inAlbumExpression, sortKeyOf, trashBucketExpression } from "../assets/sortKeys.ts";

export { deletions, integrityFindings, integrityReports, sweeps, versionDeletions } from "./maintenanceTables.ts";
export { albumMonths, mapCells, mapPoints, monthCounts } from "./summaryTables.ts";

export const users = sqliteTable("users", {
  id: text("id").primaryKey(),
  /** Who this is to the identity provider; `root` is the owner of the deployment. */
  subject: text("subject").notNull().unique(),
  email: text("email"),
  firstName: text("first_name"),
  lastName: text("last_name"),
  timezone: text("timezone"),
  isActive: integer("is_active", { mode: "boolean" }).notNull().default(true),
  isVerified: integer("is_verified", { mode: "boolean" }).notNull().default(true),
  isSuperuser: integer("is_superuser", { mode: "boolean" }).notNull().default(false),
  storageUsedBytes: integer("storage_used_bytes").notNull().default(0),
  storageLimitBytes: integer("storage_limit_bytes").notNull(),
  createdAt: integer("created_at").notNull(),
  updatedAt: integer("updated_at").notNull(),
});

export const libraries = sqliteTable(
  "libraries",
  {
    id: text("id").primaryKey(),
    userId: text("user_id").notNull(),
    name: text("name").notNull(),
    description: text("description"),
    assetCount: integer("asset_count").notNull().default(0),
    storageUsedBytes: integer("storage_used_bytes").notNull().default(0),
    storageLimitBytes: integer("storage_limit_bytes"),
    trashedAt: integer("trashed_at"),
    /** When its assets begin to be deleted for good. Null while it is live. */
    drainAt: integer("drain_at"),
    /** What was trashed up to this millisecond is gone for every reader, and its rows follow: records/trash. */
    emptiedAt: integer("emptied_at").notNull().default(0),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (t) => [
    index("libraries_by_user").on(t.userId, t.id),
    index("libraries_to_drain")
      .on(t.drainAt)
      .where(sql`"drain_at" IS NOT NULL`),
  ],
);

export const apiKeys = sqliteTable(
  "api_keys",
  {
    id: text("id").primaryKey(),
    userId: text("user_id").notNull(),
    name: text("name"),
    /** SHA-256 of the secret, base64; the secret itself is shown once and never stored. */
    secretHash: text("secret_hash").notNull().unique(),
    actions: text("actions", { mode: "json" }).notNull(),
    /** Libraries the key is confined to; null: all of its user's, present and future. */
    libraryIds: text("library_ids", { mode: "json" }),
    isActive: integer("is_active", { mode: "boolean" }).notNull().default(true),
    expiresAt: integer("expires_at"),
    createdAt: integer("created_at").notNull(),
    lastUsedAt: integer("last_used_at"),
  },
  (t) => [index("api_keys_by_user").on(t.userId, t.id)],
);

/** Partial indexes: live assets are what nearly every list reads. */
const live = sql`"trashed_at" IS NULL`;
const trashed = sql`"trashed_at" IS NOT NULL`;
const liveAndPlaced = sql`"trashed_at" IS NULL AND "latitude" IS NOT NULL AND "longitude" IS NOT NULL`;

export const assets = sqliteTable(
  "assets",
  {
    id: text("id").primaryKey(),
    libraryId: text("library_id").notNull(),
    userId: text("user_id").notNull(),
    /** SHA-256 and SHA-1 of the uploaded bytes, base64. */
    checksum: text("checksum").notNull(),
    checksumSha1: text("checksum_sha1").notNull(),
    fileSizeBytes: integer("file_size_bytes").notNull(),
    mimeType: text("mime_type").notNull(),
    mediaType: text("media_type", { enum: ["image", "video"] }).notNull(),
    originalFileName: text("original_file_name").notNull(),
    deviceId: text("device_id").notNull(),
    deviceAssetId: text("device_asset_id").notNull(),
    /** ISO 8601, with the offset the client sent. */
    fileCreatedAt: text("file_created_at").notNull(),
    fileModifiedAt: text("file_modified_at").notNull(),
    /** Capture wall clock in microseconds as if it were UTC (sortable), and its offset where known. */
    localUs: integer("local_us").notNull(),
    localOffsetMinutes: integer("local_offset_minutes"),
    /** Capture order, and trash order: computed, kept in indexes alone. */
    sortKey: text("sort_key").generatedAlwaysAs(sortKeyOf("id"), { mode: "virtual" }),
    trashKey: text("trash_key").generatedAlwaysAs(sql.raw(`(printf('%012x', "trashed_at") || "id")`), {
      mode: "virtual",
    }),
    width: integer("width").notNull().default(0),
    height: integer("height").notNull().default(0),
    durationSeconds: real("duration_seconds"),
    thumbhash: text("thumbhash"),
    description: text("description"),
    metrics: text("metrics", { mode: "json" }),
    kind: text("kind").notNull().default("original"),
    currentVersionId: text("current_version_id").notNull(),
    /** The upload's own version while a derived one is current; null while the upload itself is. */
    originalVersionId: text("original_version_id"),
    /** What the derived versions take up, beside `fileSizeBytes` of the upload. */
    versionBytes: integer("version_bytes").notNull().default(0),
    /** Of a video: names its still, so that another still has other URLs. Null while there is none. */
    stillVersionId: text("still_version_id"),
    stackId: text("stack_id"),
    /** When someone took it out of a stack: burst detection leaves it alone from then on. */
    unstackedAt: integer("unstacked_at"),
    latitude: real("latitude"),
    longitude: real("longitude"),
    albumCount: integer("album_count").notNull().default(0),
    /** What the file itself says; see records/metadata.ts for its parsed form. */
    fileMetadata: text("file_metadata", { mode: "json" }).notNull(),
    /** The camera's name for its burst: computed, kept in an index alone. */
    autoStackId: text("auto_stack_id").generatedAlwaysAs(sql.raw(`(json_extract("file_metadata", '$.autoStackId'))`), {
      mode: "virtual",
    }),
    /** What the user set, over the file's; and what was worked out from coordinates, under it. */
    userMetadata: text("user_metadata", { mode: "json" })
      .notNull()
      .default(sql`'{}'`),
    derivedMetadata: text("derived_metadata", { mode: "json" })
      .notNull()
      .default(sql`'{}'`),
    metadataUpdatedAt: integer("metadata_updated_at").notNull(),
    trashedAt: integer("trashed_at"),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (t) => [
    uniqueIndex("assets_by_checksum").on(t.libraryId, t.checksum),
    index("assets_by_sha1").on(t.libraryId, t.checksumSha1),
    index("assets_by_device").on(t.libraryId, t.deviceId, t.deviceAssetId),
    index("assets_by_burst")
      .on(t.libraryId, t.autoStackId, t.sortKey)
      .where(sql`"auto_stack_id" IS NOT NULL`),
    index("assets_live").on(t.libraryId, t.sortKey).where(live),
    index("assets_all").on(t.libraryId, t.sortKey),
    index("assets_trashed").on(t.libraryId, t.trashKey).where(trashed),
    index("assets_trashed_by_time").on(t.libraryId, t.sortKey).where(trashed),
    index("assets_trashed_by_bucket").on(t.libraryId, trashBucketExpression(), t.trashKey).where(trashed),
    index("assets_by_media_type").on(t.libraryId, t.mediaType, t.sortKey).where(live),
    index("assets_by_albumness").on(t.libraryId, inAlbumExpression(), t.sortKey).where(live),
    index("assets_by_stack")
      .on(t.libraryId, t.stackId, t.sortKey)
      .where(sql`"stack_id" IS NOT NULL`),
    index("assets_cell_0").on(t.libraryId, cellExpression(0), t.sortKey).where(liveAndPlaced),
    index("assets_cell_1").on(t.libraryId, cellExpression(1), t.sortKey).where(liveAndPlaced),
    index("assets_cell_2").on(t.libraryId, cellExpression(2), t.sortKey).where(liveAndPlaced),
    index("assets_cell_3").on(t.libraryId, cellExpression(3), t.sortKey).where(liveAndPlaced),
    index("assets_cell_4").on(t.libraryId, cellExpression(4), t.sortKey).where(liveAndPlaced),
    index("assets_cell_5").on(t.libraryId, cellExpression(5), t.sortKey).where(liveAndPlaced),
  ],
);

/** Derived renderings of a photo. The upload has a row here, at position 0, from the first derived one on. */
export const assetVersions = sqliteTable(
  "asset_versions",
  {
    id: text("id").primaryKey(),
    libraryId: text("library_id").notNull(),
    assetId: text("asset_id").notNull(),
    position: integer("position").notNull(),
    kind: text("kind").notNull(),
    mimeType: text("mime_type").notNull(),
    width: integer("width").notNull(),
    height: integer("height").notNull(),
    /** Of the stored bytes, which carry the upload's metadata. */
    fileSizeBytes: integer("file_size_bytes").notNull(),
    checksum: text("checksum").notNull(),
    /** SHA-256 of the bytes as they were sent, by which a repeated call is known. Null for the upload. */
    sentChecksum: text("sent_checksum"),
    params: text("params", { mode: "json" }),
    createdAt: integer("created_at").notNull(),
  },
  (t) => [uniqueIndex("asset_versions_by_asset").on(t.assetId, t.position)],
);

/** Assets that belong together. Members name their stack; triggers keep both counts. */
export const stacks = sqliteTable(
  "stacks",
  {
    id: text("id").primaryKey(),
    libraryId: text("library_id").notNull(),
    userId: text("user_id").notNull(),
    origin: text("origin", { enum: ["auto_burst", "user"] }).notNull(),
    /** The cover someone chose. It stays while that asset lies in the trash. */
    primaryAssetId: text("primary_asset_id"),
    /** Live members; and all of them. */
    assetCount: integer("asset_count").notNull().default(0),
    memberCount: integer("member_count").notNull().default(0),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (t) => [
    index("stacks_by_library").on(t.libraryId, t.id),
    index("stacks_by_origin").on(t.libraryId, t.origin, t.id),
    index("stacks_by_primary")
      .on(t.libraryId, t.primaryAssetId, t.id)
      .where(sql`"primary_asset_id" IS NOT NULL`),
  ],
);

export const albums = sqliteTable(
  "albums",
  {
    id: text("id").primaryKey(),
    libraryId: text("library_id").notNull(),
    userId: text("user_id").notNull(),
    name: text("name").notNull(),
    description: text("description"),
    /** Live members; kept right in the batch that changes them. */
    assetCount: integer("asset_count").notNull().default(0),
    startUs: integer("start_us"),
    startOffsetMinutes: integer("start_offset_minutes"),
    endUs: integer("end_us"),
    endOffsetMinutes: integer("end_offset_minutes"),
    /** The cover someone chose, and the newest live member that stands in without one. */
    pinnedCoverId: text("pinned_cover_id"),
    newestAssetId: text("newest_asset_id"),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (t) => [index("albums_by_library").on(t.libraryId, t.id)],
);

export const albumAssets = sqliteTable(
  "album_assets",
  {
    id: text("id").primaryKey(),
    libraryId: text("library_id").notNull(),
    albumId: text("album_id").notNull(),
    assetId: text("asset_id").notNull(),
    /** Copies of the asset's columns, so that an album's page is read in order from one index. */
    localUs: integer("local_us").notNull(),
    trashedAt: integer("trashed_at"),
    sortKey: text("sort_key").generatedAlwaysAs(sortKeyOf("asset_id"), { mode: "virtual" }),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (t) => [
    uniqueIndex("album_assets_pair").on(t.albumId, t.assetId),
    index("album_assets_live").on(t.albumId, t.sortKey).where(live),
    index("album_assets_trashed").on(t.albumId, t.sortKey).where(trashed),
    index("album_assets_by_asset").on(t.assetId, t.albumId),
    index("album_assets_by_id").on(t.libraryId, t.id),
    index("album_assets_by_album").on(t.albumId, t.id),
  ],
);

export const events = sqliteTable(
  "events",
  {
    /** The feed's order. AUTOINCREMENT: a number is never given twice, even after the newest row is deleted. */
    seq: integer("seq").primaryKey({ autoIncrement: true }),
    libraryId: text("library_id").notNull(),
    eventType: text("event_type").notNull(),
    entityType: text("entity_type").notNull(),
    entityId: text("entity_id").notNull(),
    payload: text("payload", { mode: "json" }),
    createdAt: integer("created_at").notNull(),
  },
  (t) => [
    index("events_by_library").on(t.libraryId, t.seq),
    index("events_by_type").on(t.libraryId, t.entityType, t.seq),
    /** `created_at` never falls as `seq` rises: records/events. */
    index("events_by_time").on(t.libraryId, t.createdAt, t.seq),
    index("events_by_entity").on(t.entityId),
  ],
);

/** The contract's names for deferred work. */
export const taskTypes = [
  "image_quality",
  "embedding",
  "face_detection",
  "face_clustering",
  "asset_description",
  "asset_storage_cleanup",
  "asset_version_storage_cleanup",
  "reverse_geocoding",
  "video_thumbnail_extract",
  "video_metadata_extract",
  "thumbhash",
  "display_proxy_generation",
  "burst_detection",
  "product_update_subscription",
] as const;

export const tasks = sqliteTable(
  "tasks",
  {
    id: text("id").primaryKey(),
    libraryId: text("library_id").notNull(),
    userId: text("user_id").notNull(),
    assetId: text("asset_id"),
    taskType: text("task_type", { enum: taskTypes }).notNull(),
    /** The delivery's id; the contract names it `celery_task_id`. */
    deliveryId: text("delivery_id").notNull(),
    status: text("status", { enum: ["pending", "started", "success", "failure"] }).notNull(),
    result: text("result"),
    errorMessage: text("error_message"),
    retryCount: integer("retry_count").notNull().default(0),
    /** When it may run (again); the sweep rings for what is overdue. */
    dueAt: integer("due_at").notNull(),
    createdAt: integer("created_at").notNull(),
    startedAt: integer("started_at"),
    completedAt: integer("completed_at"),
  },
  (t) => [
    uniqueIndex("tasks_by_asset").on(t.assetId, t.taskType),
    index("tasks_by_library").on(t.libraryId, t.id),
    index("tasks_by_status").on(t.libraryId, t.status, t.taskType, t.id),
    index("tasks_by_delivery").on(t.deliveryId),
    index("tasks_due")
      .on(t.dueAt)
      .where(sql`"status" IN ('pending', 'started')`),
  ],
);
