/** Joins any number of SELECTs by UNION ALL. */
import { sql, type SQL } from "drizzle-orm";

/** D1 allows five terms per compound SELECT. SQLite flattens nested ones into a single merge. */
const MAX_COMPOUND_TERMS = 5;

export function unionAll(selects: SQL[]): SQL {
  if (selects.length <= MAX_COMPOUND_TERMS) return sql.join(selects, sql` UNION ALL `);
  const groups: SQL[] = [];
  for (let i = 0; i < selects.length; i += MAX_COMPOUND_TERMS) {
    groups.push(sql`SELECT * FROM (${sql.join(selects.slice(i, i + MAX_COMPOUND_TERMS), sql` UNION ALL `)})`);
  }
  return unionAll(groups);
}
