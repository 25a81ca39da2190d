/** Assets, their versions and stacks. */
import { sql } from "drizzle-orm";
import { index, integer, primaryKey, real, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import {
  cellExpression,
  inAlbumExpression,
  ratingExpression,
  sortKeyExpression,
  trashBucketExpression,
} from "../assets/sortKeys.ts";

/** Conditions of partial indexes: nearly every list reads live assets only. */
const live = sql`"trashed_at" IS NULL`;
const trashed = sql`"trashed_at" IS NOT NULL`;
const liveWithPosition = sql`"trashed_at" IS NULL AND "latitude" IS NOT NULL AND "longitude" IS NOT NULL`;

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
    /** Local capture time in microseconds as if it were UTC (sortable), and its UTC offset where known. */
    localUs: integer("local_us").notNull(),
    localOffsetMinutes: integer("local_offset_minutes"),
    /** Keys of capture order and of trash order: virtual columns, stored only in indexes. */
    sortKey: text("sort_key").generatedAlwaysAs(sortKeyExpression("id"), { mode: "virtual" }),
    trashKey: text("trash_key").generatedAlwaysAs(sql.raw(`(printf('%012x', "trashed_at") || "id")`), {
      mode: "virtual",
    }),
    width: integer("width").notNull().default(0),
    height: integer("height").notNull().default(0),
    durationSeconds: real("duration_seconds"),
    thumbhash: text("thumbhash"),
    description: text("description"),
    metrics: text("metrics", { mode: "json" }),
    /** Computed from `metrics`, 0 to 1. Null until the current version is measured. */
    qualityScore: real("quality_score"),
    kind: text("kind").notNull().default("original"),
    currentVersionId: text("current_version_id").notNull(),
    /** The upload's own version while an edited version is current; null while the upload is current. */
    originalVersionId: text("original_version_id"),
    /** Size of the current edited version; null while the upload is current. */
    currentSizeBytes: integer("current_size_bytes"),
    /** Total size of the edited versions, in addition to `fileSizeBytes` of the upload. */
    versionBytes: integer("version_bytes").notNull().default(0),
    /** Total size of the poster, display proxies and renditions, which a trigger adds up from `derived_files`. */
    derivedBytes: integer("derived_bytes").notNull().default(0),
    /** A video's poster, whose id is part of its URLs, so that a new poster has new URLs. */
    posterVersionId: text("poster_version_id"),
    /**
     * The origin of the poster: `client`, `film`, or the version of the still photo that it shows, for the film of a live
     * photo. `outdated` is a frame to be made again. Null without a poster, and where it is unknown.
     */
    posterSource: text("poster_source"),
    stackId: text("stack_id"),
    /** When a user removed the asset from a stack: burst detection ignores it from then on. */
    unstackedAt: integer("unstacked_at"),
    latitude: real("latitude"),
    longitude: real("longitude"),
    /** Effective rating, 0 to 5: the user's, else the file's. Null if neither has one. */
    rating: integer("rating"),
    albumCount: integer("album_count").notNull().default(0),
    /** Metadata read from the file; records/assets/metadata.ts has its parsed form. */
    fileMetadata: text("file_metadata", { mode: "json" }).notNull(),
    /** The camera's burst id: a virtual column, stored only in an index. */
    autoStackId: text("auto_stack_id").generatedAlwaysAs(sql.raw(`(json_extract("file_metadata", '$.autoStackId'))`), {
      mode: "virtual",
    }),
    /** The identifier that the photo and the film of a live photo share: a virtual column, stored only in an index. */
    livePhotoCid: text("live_photo_cid").generatedAlwaysAs(
      sql.raw(`(json_extract("file_metadata", '$.livePhotoCid'))`),
      { mode: "virtual" },
    ),
    /**
     * Metadata set by the user, which overrides the file's; and metadata derived from coordinates, which the file's
     * overrides.
     */
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
    index("assets_by_live_photo")
      .on(t.libraryId, t.livePhotoCid)
      .where(sql`"live_photo_cid" IS NOT NULL`),
    index("assets_live").on(t.libraryId, t.sortKey).where(live),
    index("assets_trashed").on(t.libraryId, t.trashKey).where(trashed),
    index("assets_trashed_by_time").on(t.libraryId, t.sortKey).where(trashed),
    index("assets_trashed_by_bucket").on(t.libraryId, trashBucketExpression(), t.trashKey).where(trashed),
    index("assets_by_kind").on(t.libraryId, t.mediaType, inAlbumExpression(), t.sortKey).where(live),
    index("assets_by_rating")
      .on(t.libraryId, ratingExpression(), t.mediaType, inAlbumExpression(), t.sortKey)
      .where(live),
    index("assets_by_stack")
      .on(t.libraryId, t.stackId, t.sortKey)
      .where(sql`"stack_id" IS NOT NULL`),
    index("assets_cell_0").on(t.libraryId, cellExpression(0), t.sortKey).where(liveWithPosition),
    index("assets_cell_1").on(t.libraryId, cellExpression(1), t.sortKey).where(liveWithPosition),
    index("assets_cell_2").on(t.libraryId, cellExpression(2), t.sortKey).where(liveWithPosition),
    index("assets_cell_3").on(t.libraryId, cellExpression(3), t.sortKey).where(liveWithPosition),
    index("assets_cell_4").on(t.libraryId, cellExpression(4), t.sortKey).where(liveWithPosition),
    index("assets_cell_5").on(t.libraryId, cellExpression(5), t.sortKey).where(liveWithPosition),
  ],
);

/** Edited versions of a photo. With the first one the upload gets a row too, at position 0. */
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
    /** Size of the stored bytes, which include the upload's metadata. */
    fileSizeBytes: integer("file_size_bytes").notNull(),
    checksum: text("checksum").notNull(),
    /** SHA-256 of the request's bytes, which identifies a repeated request; null for the upload. */
    sentChecksum: text("sent_checksum"),
    params: text("params", { mode: "json" }),
    createdAt: integer("created_at").notNull(),
  },
  (t) => [uniqueIndex("asset_versions_by_asset").on(t.assetId, t.position)],
);

/**
 * Files made from an asset, or for it: posters, display proxies, renditions. They count towards the owner's storage.
 */
export const derivedFiles = sqliteTable(
  "derived_files",
  {
    assetId: text("asset_id").notNull(),
    versionId: text("version_id").notNull(),
    /** `poster`, `proxy`, or the variant of a rendition: `thumbnail`. */
    name: text("name").notNull(),
    sizeBytes: integer("size_bytes").notNull(),
  },
  (t) => [primaryKey({ columns: [t.assetId, t.versionId, t.name] })],
);

/** Groups of assets. Members reference their stack; triggers maintain both counts. */
export const stacks = sqliteTable(
  "stacks",
  {
    id: text("id").primaryKey(),
    libraryId: text("library_id").notNull(),
    userId: text("user_id").notNull(),
    origin: text("origin", { enum: ["auto_burst", "user"] }).notNull(),
    /** The cover chosen by the user, kept while that asset is in the trash. */
    primaryAssetId: text("primary_asset_id"),
    /** Live members; and all members. */
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
