/** Albums and the assets in them. */
import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { sortKeyExpression } from "../assets/sortKeys.ts";

export const albums = sqliteTable(
  "albums",
  {
    id: text("id").primaryKey(),
    libraryId: text("library_id").notNull(),
    userId: text("user_id").notNull(),
    name: text("name").notNull(),
    /** `foldName(name)`, by which names are unique in a library; null in rows of older releases: records/names.ts. */
    foldedName: text("folded_name"),
    description: text("description"),
    /** Live members, updated in the batch that changes them. */
    assetCount: integer("asset_count").notNull().default(0),
    startUs: integer("start_us"),
    startOffsetMinutes: integer("start_offset_minutes"),
    endUs: integer("end_us"),
    endOffsetMinutes: integer("end_offset_minutes"),
    /** The cover chosen by the user, and the newest live member, which is the cover without one. */
    pinnedCoverId: text("pinned_cover_id"),
    newestAssetId: text("newest_asset_id"),
    /** When the album was deleted: it is hidden from every reader until its memberships are deleted in parts. */
    deletedAt: integer("deleted_at"),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (t) => [
    index("albums_by_library").on(t.libraryId, t.id),
    /** Holds every column that the search by name reads, its own condition included: SQLite reads no album then. */
    index("albums_by_name")
      .on(t.libraryId, t.foldedName, t.id, t.deletedAt)
      .where(sql`"deleted_at" IS NULL`),
    index("albums_deleted")
      .on(t.deletedAt, t.libraryId)
      .where(sql`"deleted_at" IS NOT NULL`),
  ],
);

export const albumAssets = sqliteTable(
  "album_assets",
  {
    id: text("id").primaryKey(),
    libraryId: text("library_id").notNull(),
    albumId: text("album_id").notNull(),
    assetId: text("asset_id").notNull(),
    /** Copies of the asset's columns, so that one index holds an album's page in order. */
    localUs: integer("local_us").notNull(),
    trashedAt: integer("trashed_at"),
    sortKey: text("sort_key").generatedAlwaysAs(sortKeyExpression("asset_id"), { mode: "virtual" }),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (t) => [
    uniqueIndex("album_assets_pair").on(t.albumId, t.assetId),
    index("album_assets_live")
      .on(t.albumId, t.sortKey)
      .where(sql`"trashed_at" IS NULL`),
    index("album_assets_trashed")
      .on(t.albumId, t.sortKey)
      .where(sql`"trashed_at" IS NOT NULL`),
    index("album_assets_by_asset").on(t.assetId, t.albumId),
    index("album_assets_by_id").on(t.libraryId, t.id),
    index("album_assets_by_album").on(t.albumId, t.id),
  ],
);
