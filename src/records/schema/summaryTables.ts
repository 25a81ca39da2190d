/** Counts by day, month and map cell, written only by triggers (docs/decisions/0015, 0037). */
import { integer, primaryKey, real, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { COUNT_CLASSES } from "../assets/counts/countClasses.ts";

/** A column per class and per class in albums, in one row: a change writes as many rows as for one column. */
function classColumns() {
  const names = [
    ...COUNT_CLASSES.map(({ column }) => column),
    ...COUNT_CLASSES.map(({ inAlbumColumn }) => inAlbumColumn),
  ];
  return Object.fromEntries(names.map((name) => [name, integer(name).notNull().default(0)]));
}

/** Assets of a library by day of capture, live or trashed. */
export const dayCounts = sqliteTable(
  "day_counts",
  {
    libraryId: text("library_id").notNull(),
    trashed: integer("trashed", { mode: "boolean" }).notNull(),
    /** Year × 10,000 + month × 100 + day of the local capture time. */
    day: integer("day").notNull(),
    assets: integer("assets").notNull(),
    /** Those of them that are in an album. */
    inAlbum: integer("in_album").notNull(),
    ...classColumns(),
  },
  (t) => [primaryKey({ columns: [t.libraryId, t.trashed, t.day] })],
);

/** The sums of `day_counts` by month. */
export const monthCounts = sqliteTable(
  "month_counts",
  {
    libraryId: text("library_id").notNull(),
    trashed: integer("trashed", { mode: "boolean" }).notNull(),
    /** Year × 100 + month of the local capture time. */
    month: integer("month").notNull(),
    assets: integer("assets").notNull(),
    /** Those of them that are in an album. */
    inAlbum: integer("in_album").notNull(),
    ...classColumns(),
  },
  (t) => [primaryKey({ columns: [t.libraryId, t.trashed, t.month] })],
);

/** Assets of an album by month of capture, live or trashed. */
export const albumMonthCounts = sqliteTable(
  "album_month_counts",
  {
    albumId: text("album_id").notNull(),
    trashed: integer("trashed", { mode: "boolean" }).notNull(),
    month: integer("month").notNull(),
    assets: integer("assets").notNull(),
  },
  (t) => [primaryKey({ columns: [t.albumId, t.trashed, t.month] })],
);

/** Positions of a library's live assets, by the finest cells of the map. */
export const mapPoints = sqliteTable(
  "map_points",
  {
    libraryId: text("library_id").notNull(),
    cell: integer("cell").notNull(),
    sortKey: text("sort_key").notNull(),
    latitude: real("latitude").notNull(),
    longitude: real("longitude").notNull(),
    mediaType: text("media_type", { enum: ["image", "video"] })
      .notNull()
      .default("image"),
  },
  (t) => [primaryKey({ columns: [t.libraryId, t.cell, t.sortKey] })],
);

/** The map's pyramid: totals of each cell by level, and the cell of the next coarser level that contains it. */
export const mapCells = sqliteTable(
  "map_cells",
  {
    libraryId: text("library_id").notNull(),
    level: integer("level").notNull(),
    parent: integer("parent").notNull(),
    cell: integer("cell").notNull(),
    assets: integer("assets").notNull(),
    /** In units of 1e-7 degrees: integers, so that subtracting an asset restores the former sum exactly. */
    latitudeSum: integer("latitude_sum").notNull(),
    longitudeSum: integer("longitude_sum").notNull(),
    /** Bounding box of the assets. It grows with each added asset and stays unchanged when one is removed. */
    south: real("south").notNull(),
    north: real("north").notNull(),
    west: real("west").notNull(),
    east: real("east").notNull(),
    /** Sort key of the newest asset. */
    newestKey: text("newest_key").notNull(),
    /** The videos among the assets; the photos are the rest. */
    videos: integer("videos").notNull().default(0),
    videoLatitudeSum: integer("video_latitude_sum").notNull().default(0),
    videoLongitudeSum: integer("video_longitude_sum").notNull().default(0),
    newestVideoKey: text("newest_video_key"),
    /** Null in a cell without videos too, where `newest_key` is the newest photo's: most cells are. */
    newestImageKey: text("newest_image_key"),
  },
  (t) => [primaryKey({ columns: [t.libraryId, t.level, t.parent, t.cell] })],
);
