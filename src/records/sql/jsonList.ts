/** Lists as one JSON parameter, because D1 binds at most 100 parameters per statement. */
import { sql, type SQL, type SQLWrapper } from "drizzle-orm";

/** A table of the elements, with columns `key` and `value`. */
export function jsonEach(elements: readonly unknown[]): SQL {
  return sql`json_each(${JSON.stringify(elements)})`;
}

/** A condition: `column` equals one of `values`. */
export function inList(column: SQLWrapper, values: readonly string[]): SQL {
  return sql`${column} IN (SELECT value FROM ${jsonEach(values)})`;
}
