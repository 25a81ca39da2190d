/** Searches every table for a text, for tests that expect data to be deleted or hidden completely. */
import { z } from "zod";
import { sqlAll } from "../clients/account.ts";

const names = z.array(z.object({ name: z.string() }));

/**
 * The rows of all tables that contain the text in any column, by table. Without `cache_purges`, whose rows end when the
 * cache in front of the Worker was purged.
 */
export async function rowsContaining(text: string): Promise<Record<string, Record<string, unknown>[]>> {
  const tables = names.parse(
    await sqlAll(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\' AND name <> 'cache_purges'",
    ),
  );
  const matches: Record<string, Record<string, unknown>[]> = {};
  for (const { name } of tables) {
    const rows = (await sqlAll(`SELECT * FROM "${name}"`)).filter((row) => JSON.stringify(row).includes(text));
    if (rows.length > 0) matches[name] = rows;
  }
  return matches;
}
