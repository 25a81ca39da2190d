/** How assets are ordered and grouped in indexes: as SQL for the indexes and queries, and as the same value here. */
import { sql, type SQL } from "drizzle-orm";

/** Edge of a map cell in degrees, by level. A box is answered from the finest level that covers it in few cells. */
export const CELL_DEGREES = [90, 15, 3, 0.5, 0.1, 0.02] as const;
const CELLS_PER_ROW = 100_000;

/** Map cell of a position at a level: row × 100,000 + column. The SQL twin is `cellExpression`. */
export function cellAt(level: number, latitude: number, longitude: number): number {
  const degrees = CELL_DEGREES[level] ?? 90;
  return Math.trunc((latitude + 90) / degrees) * CELLS_PER_ROW + Math.trunc((longitude + 180) / degrees);
}

/** SQLite uses an expression index only for the very same expression, so both sides take it from here. */
export function cellExpression(level: number, table = ""): SQL {
  const degrees = (CELL_DEGREES[level] ?? 90).toFixed(2);
  return sql.raw(
    `(CAST((${table}"latitude" + 90) / ${degrees} AS INTEGER) * ${CELLS_PER_ROW} + CAST((${table}"longitude" + 180) / ${degrees} AS INTEGER))`,
  );
}

/** Trashed assets are also indexed by 30 days of capture time, so that a date range of them is a short merge. */
export const TRASH_BUCKET_US = 30 * 24 * 3600 * 1_000_000;

export function trashBucketExpression(table = ""): SQL {
  return sql.raw(`(${table}"local_us" / ${TRASH_BUCKET_US})`);
}

export function inAlbumExpression(table = ""): SQL {
  return sql.raw(`(${table}"album_count" > 0)`);
}

/** Puts every wall clock a signed 64-bit count of microseconds can hold above zero, so that hex digits sort as numbers. */
const KEY_ORIGIN = 2n ** 62n;

/** Where a wall clock begins in the order of `sort_key`: 16 hex digits, then the id. */
export function sortKeyFrom(wallUs: number): string {
  return (BigInt(wallUs) + KEY_ORIGIN).toString(16).padStart(16, "0");
}

/**
 * Time and id as one text. A cursor on two columns costs a row more for each page, since SQLite seeks to the cursor's
 * own row; on one it starts right behind it.
 */
export function sortKeyOf(idColumn: string): SQL {
  return sql.raw(`(printf('%016x', "local_us" + ${KEY_ORIGIN}) || "${idColumn}")`);
}
