/** Sizes of stored rows in bytes, for tests of the limits on stored text. */
import { z } from "zod";
import { sqlAll } from "../clients/account.ts";

const named = z.array(z.object({ name: z.string(), type: z.string().optional() }));

/** The largest row of each table: the bytes of its columns. */
export async function largestRows(): Promise<Map<string, number>> {
  const tables = named.parse(
    await sqlAll("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'"),
  );
  const sizes = new Map<string, number>();
  for (const { name } of tables) {
    const columns = named.parse(await sqlAll(`SELECT name, type FROM pragma_table_info('${name}')`));
    const bytes = columns.map((column) => `coalesce(octet_length("${column.name}"), 0)`).join(" + ");
    const [row] = await sqlAll(`SELECT max(${bytes}) AS bytes FROM "${name}"`);
    sizes.set(name, z.number().nullable().parse(row?.bytes) ?? 0);
  }
  return sizes;
}
