/** Every place in the database where a text stands: for what is to be gone, or hidden, altogether. */
import { z } from "zod";
import { sqlAll } from "../clients/account.ts";

const names = z.array(z.object({ name: z.string() }));

/** The rows of all tables that hold the text in any column, by table. */
export async function rowsWith(text: string): Promise<Record<string, Record<string, unknown>[]>> {
  const tables = names.parse(
    await sqlAll("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'"),
  );
  const found: Record<string, Record<string, unknown>[]> = {};
  for (const { name } of tables) {
    const rows = (await sqlAll(`SELECT * FROM "${name}"`)).filter((row) => JSON.stringify(row).includes(text));
    if (rows.length > 0) found[name] = rows;
  }
  return found;
}
