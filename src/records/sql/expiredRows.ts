/** Selects rows to delete by the index of their expiry. */
import { sql, type SQL } from "drizzle-orm";
import type { passkeyChallenges, sessions, signInLinks, signInRequests } from "../schema/schema.ts";

type ExpiringTable = typeof passkeyChallenges | typeof sessions | typeof signInLinks | typeof signInRequests;

/** A condition on `table`: one of the first `limit` rows that expired at `atMs` or before. */
export function expiredRows(table: ExpiringTable, atMs: number, limit: number): SQL {
  return sql`rowid IN (SELECT rowid FROM ${table} WHERE expires_at <= ${atMs} ORDER BY expires_at LIMIT ${limit})`;
}
