/** Sort and group keys of assets: as SQL for indexes and queries, and as the same value in TypeScript. */
import { sql, type SQL } from "drizzle-orm";

/** Edge of a map cell in degrees, by level. A box query uses the finest level that covers the box with few cells. */
export const CELL_DEGREES = [90, 15, 3, 0.5, 0.1, 0.02] as const;
export const CELLS_PER_ROW = 100_000;

/** The map cell of a position: row × 100,000 + column. `cellExpression` is the same in SQL. */
export function cellAt(level: number, latitude: number, longitude: number): number {
  const degrees = CELL_DEGREES[level] ?? 90;
  return Math.trunc((latitude + 90) / degrees) * CELLS_PER_ROW + Math.trunc((longitude + 180) / degrees);
}

/** Shared by the index and the queries, because SQLite uses an expression index only for the identical expression. */
export function cellExpression(level: number, table = ""): SQL {
  const degrees = (CELL_DEGREES[level] ?? 90).toFixed(2);
  return sql.raw(
    `(CAST((${table}"latitude" + 90) / ${degrees} AS INTEGER) * ${CELLS_PER_ROW} + CAST((${table}"longitude" + 180) / ${degrees} AS INTEGER))`,
  );
}

/** Trashed assets are indexed by 30 days of capture time, so that a date range of the trash merges few index ranges. */
export const TRASH_BUCKET_US = 30 * 24 * 3600 * 1_000_000;

export function trashBucketExpression(table = ""): SQL {
  return sql.raw(`(${table}"local_us" / ${TRASH_BUCKET_US})`);
}

export function inAlbumExpression(table = ""): SQL {
  return sql.raw(`(${table}"album_count" > 0)`);
}

/** Unrated and 0 stars are one value for filters. */
export function ratingExpression(table = ""): SQL {
  return sql.raw(`(coalesce(${table}"rating", 0))`);
}

/**
 * Added to local times, so that every signed 64-bit count of microseconds is positive and hex digits sort as numbers.
 */
const SORT_KEY_OFFSET = 2n ** 62n;

/** The time prefix of a sort key: 16 hex digits. */
export function sortKeyPrefix(wallUs: number): string {
  return (BigInt(wallUs) + SORT_KEY_OFFSET).toString(16).padStart(16, "0");
}

/**
 * Time and id as one text. With a cursor on two columns SQLite seeks to the cursor's own row and reads one more row per
 * page; with one column it starts directly after the cursor.
 */
export function sortKeyExpression(idColumn: string): SQL {
  return sql.raw(`(printf('%016x', "local_us" + ${SORT_KEY_OFFSET}) || "${idColumn}")`);
}
