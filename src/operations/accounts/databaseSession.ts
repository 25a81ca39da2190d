/** Opens the database for one request: where it reads from follows from what the request is for. */
import { AppError } from "../../kernel/errors.ts";
import { isBookmark, openDatabase, type Database } from "../../records/database.ts";

export type { Database } from "../../records/database.ts";

/**
 * Changes, and the checks before them, want the newest state. Reads take the nearest replica, at least as new as the
 * bookmark that an earlier answer gave its caller.
 */
export function openSession(binding: D1Database, changes: boolean, bookmark: string | null): Database {
  if (bookmark !== null && !isBookmark(bookmark)) {
    throw new AppError("bad_request", "x-d1-bookmark is none that this service gave; leave the header out");
  }
  if (changes) return openDatabase(binding, "primary");
  return openDatabase(binding, bookmark === null ? "nearest" : { bookmark });
}
