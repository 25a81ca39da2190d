/** Tables of what triggers count: months and the map. Migrations keep them (docs/decisions/0015); nothing here writes to them. */
import { integer, primaryKey, real, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** How many assets of a library were taken in each month, live or trashed. */
export const monthCounts = sqliteTable(
  "month_counts",
  {
    libraryId: text("library_id").notNull(),
    trashed: integer("trashed", { mode: "boolean" }).notNull(),
    /** Year × 100 + month of the wall clock. */
    month: integer("month").notNull(),
    assets: integer("assets").notNull(),
    /** Of them, those in any album. */
    inAlbum: integer("in_album").notNull(),
  },
  (t) => [primaryKey({ columns: [t.libraryId, t.trashed, t.month] })],
);

/** The same for each album. */
export const albumMonths = sqliteTable(
  "album_months",
  {
    albumId: text("album_id").notNull(),
    trashed: integer("trashed", { mode: "boolean" }).notNull(),
    month: integer("month").notNull(),
    assets: integer("assets").notNull(),
  },
  (t) => [primaryKey({ columns: [t.albumId, t.trashed, t.month] })],
);

/** Where a library's live assets lie, by the finest cells of the map. */
export const mapPoints = sqliteTable(
  "map_points",
  {
    libraryId: text("library_id").notNull(),
    cell: integer("cell").notNull(),
    sortKey: text("sort_key").notNull(),
    latitude: real("latitude").notNull(),
    longitude: real("longitude").notNull(),
  },
  (t) => [primaryKey({ columns: [t.libraryId, t.cell, t.sortKey] })],
);

/** The map's pyramid: what lies in each cell of each level, and in which cell of the level above that is. */
export const mapCells = sqliteTable(
  "map_cells",
  {
    libraryId: text("library_id").notNull(),
    level: integer("level").notNull(),
    parent: integer("parent").notNull(),
    cell: integer("cell").notNull(),
    assets: integer("assets").notNull(),
    /** In 1e-7 degrees: whole numbers, so that taking one away leaves what was there before. */
    latitudeSum: integer("latitude_sum").notNull(),
    longitudeSum: integer("longitude_sum").notNull(),
    /** A box around all of them. It widens with each that comes, and stays so when one leaves. */
    south: real("south").notNull(),
    north: real("north").notNull(),
    west: real("west").notNull(),
    east: real("east").notNull(),
    /** Sort key of the newest. */
    newestKey: text("newest_key").notNull(),
  },
  (t) => [primaryKey({ columns: [t.libraryId, t.level, t.parent, t.cell] })],
);
