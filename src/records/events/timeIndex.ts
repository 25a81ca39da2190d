/** The part of the events that the index of their times holds. */
import { sql, type SQL } from "drizzle-orm";

/**
 * A condition on an eighth of the events. Multiples of 40,503 (65,536 divided by the golden ratio) spread evenly, 5, 8
 * or 13 apart, and match no pattern of a client, so that deleting a part of the events leaves an eighth of the rest.
 */
export function isTimeIndexed(table = ""): SQL {
  return sql.raw(`${table}"seq" * 40503 % 65536 < 8192`);
}
