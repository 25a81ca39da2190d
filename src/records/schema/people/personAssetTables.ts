/** People on assets, in the order of lists, written only by triggers on faces and assets (docs/decisions/0045). */
import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { sortKeyExpression } from "../../assets/sortKeys.ts";

/** The people on each asset. */
export const personAssets = sqliteTable(
  "person_assets",
  {
    assetId: text("asset_id").notNull(),
    personId: text("person_id").notNull(),
    libraryId: text("library_id").notNull(),
    /** Faces of the person on the asset. */
    faceCount: integer("face_count").notNull(),
    /** Whether `person_pairs` has the person with the other paired people of the asset: the first 20 of them. */
    isPaired: integer("is_paired", { mode: "boolean" }).notNull(),
    /** Copies of the asset's columns. */
    localUs: integer("local_us").notNull(),
    trashedAt: integer("trashed_at"),
    sortKey: text("sort_key").generatedAlwaysAs(sortKeyExpression("asset_id"), { mode: "virtual" }),
    trashKey: text("trash_key").generatedAlwaysAs(sql.raw(`(printf('%012x', "trashed_at") || "asset_id")`), {
      mode: "virtual",
    }),
  },
  (t) => [
    primaryKey({ columns: [t.assetId, t.personId] }),
    index("person_assets_unpaired")
      .on(t.libraryId, t.personId, t.sortKey)
      .where(sql`"is_paired" = 0 AND "trashed_at" IS NULL`),
    index("person_assets_trashed")
      .on(t.libraryId, t.personId, t.trashKey)
      .where(sql`"trashed_at" IS NOT NULL`),
    index("person_assets_trashed_by_time")
      .on(t.libraryId, t.personId, t.sortKey)
      .where(sql`"trashed_at" IS NOT NULL`),
  ],
);

/** The live assets of each person, where both ids are the same, and of each two paired people. */
export const personPairs = sqliteTable(
  "person_pairs",
  {
    libraryId: text("library_id").notNull(),
    /** The lesser id in the order of text. */
    lowId: text("low_id").notNull(),
    highId: text("high_id").notNull(),
    sortKey: text("sort_key").notNull(),
    localUs: integer("local_us").notNull(),
  },
  (t) => [primaryKey({ columns: [t.libraryId, t.lowId, t.highId, t.sortKey] })],
);

/** The live assets of each person by month of capture. */
export const personMonthCounts = sqliteTable(
  "person_month_counts",
  {
    libraryId: text("library_id").notNull(),
    personId: text("person_id").notNull(),
    /** Year × 100 + month of the local capture time. */
    month: integer("month").notNull(),
    assets: integer("assets").notNull(),
  },
  (t) => [primaryKey({ columns: [t.libraryId, t.personId, t.month] })],
);

/** Crops of faces to delete from R2: of a deleted face, or of one with another box. */
export const cropCleanups = sqliteTable(
  "crop_cleanups",
  {
    assetId: text("asset_id").notNull(),
    versionId: text("version_id").notNull(),
    /** Name of the derived file. */
    name: text("name").notNull(),
    /** Unix milliseconds. */
    dueAt: integer("due_at").notNull(),
    /** A request that began before the deletion may store the crop after the first pass. */
    passes: integer("passes").notNull().default(0),
  },
  (t) => [primaryKey({ columns: [t.assetId, t.versionId, t.name] }), index("crop_cleanups_due").on(t.dueAt)],
);
