/** Selects assets by id or by filter, for lists in another order than capture time. */
import { sql, type SQL } from "drizzle-orm";
import type { Database } from "../../database.ts";
import { runQueries, type Query } from "../../sql/query.ts";
import { sqlId } from "../../sql/sqlLiterals.ts";
import { filterConditions, sortKeyRange, type AssetFilter } from "../assetFilters.ts";
import { planList } from "./listPlans.ts";
import { withIndexChoice } from "../indexChoice.ts";

/**
 * A SELECT of those of the ids that match a filter, one lookup each; null without ids. The ids are a VALUES list in the
 * SQL text, because D1 bills the elements of a JSON list as rows and binds at most 100 parameters.
 */
export function selectMatching(filter: AssetFilter, ids: readonly string[], columns: SQL): SQL | null {
  if (ids.length === 0) return null;
  const values = sql.join(
    [...new Set(ids)].map((id) => sql`(${sqlId(id)})`),
    sql`, `,
  );
  const inAlbum = sql`EXISTS (SELECT 1 FROM album_assets l WHERE l.album_id = ${filter.albumId} AND l.asset_id = a.id)`;
  const where = [
    ...filterConditions(filter),
    ...sortKeyRange(filter, sql`a.sort_key`),
    ...(filter.albumId === null ? [] : [inAlbum]),
  ];
  return sql`SELECT ${columns} FROM (VALUES ${values}) v CROSS JOIN assets a ON a.id = v.column1
    WHERE ${sql.join(where, sql` AND `)}`;
}

/** Ids of one statement: 100 KB of SQL text has room for about 2,500. */
export const MAX_MATCHED_IDS = 1000;

/** Those of at most `MAX_MATCHED_IDS` ids that match a filter. */
export function matchingIdsQuery(filter: AssetFilter, ids: readonly string[]): Query<Set<string>> {
  return {
    sql: selectMatching(filter, ids.slice(0, MAX_MATCHED_IDS), sql`a.id`),
    parse: (rows) => new Set(rows.map((row) => String(row["id"]))),
  };
}

/** Rows that are read to list the matches of a filter. */
const LISTED_ROWS = 10_000;

/** All matches of a filter; null if there are more than `limit`, or if finding them reads too many rows. */
export async function listAllMatches(db: Database, asked: AssetFilter, limit: number): Promise<string[] | null> {
  const filter = await withIndexChoice(db, asked);
  const plan = planList(filter, null, LISTED_ROWS);
  if (plan === null) return [];
  const ids: Query<string[]> = {
    sql: sql`SELECT id FROM (${plan.rows(null, limit + 1, sql`a.id`)})`,
    parse: (rows) => rows.map((row) => String(row["id"])),
  };
  const hasRest: Query<boolean> = {
    sql: plan.scanEnd === null ? null : plan.scanEnd(null),
    parse: (rows) => rows.length > 0,
  };
  const [listed, isCut] = await runQueries<[string[], boolean]>(db, [ids, hasRest]);
  return isCut || listed.length > limit ? null : listed;
}
