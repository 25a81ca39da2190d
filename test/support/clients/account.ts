/** Libraries and keys made through the API, and the rows that a test may look at or set by SQL. */
import { env } from "cloudflare:workers";
import { z } from "zod";
import { call } from "./api.ts";

const withId = z.object({ id: z.string() });

export async function newLibrary(name = "another library"): Promise<string> {
  return withId.parse(await (await call("POST", "/api/libraries", { json: { name } })).json()).id;
}

export async function newKey(json: Record<string, unknown> = {}): Promise<string> {
  const response = await call("POST", "/api/api-keys", { json: { name: "key", ...json } });
  return z.object({ api_key: z.string() }).parse(await response.json()).api_key;
}

/** The owner and the default library, which the first call makes. */
export async function owner(): Promise<{ userId: string; libraryId: string }> {
  const user = withId.parse(await (await call("GET", "/api/users/me")).json());
  const libraries = z.array(withId).parse(await (await call("GET", "/api/libraries")).json());
  return { userId: user.id, libraryId: libraries[0]?.id ?? "" };
}

export async function sqlAll(query: string, ...values: unknown[]): Promise<Record<string, unknown>[]> {
  return (
    await env.DB.prepare(query)
      .bind(...values)
      .all()
  ).results;
}

const COUNTED = ["assets", "events", "tasks"] as const;

/** Rows of what an upload writes. */
export async function rowCounts(): Promise<Record<(typeof COUNTED)[number], number>> {
  const counts = COUNTED.map((table) => `(SELECT count(*) FROM ${table}) AS ${table}`).join(", ");
  const [row] = await sqlAll(`SELECT ${counts}`);
  return z.object({ assets: z.number(), events: z.number(), tasks: z.number() }).parse(row);
}

export async function usage(libraryId: string): Promise<{ count: number; libraryBytes: number; userBytes: number }> {
  const [row] = await sqlAll(
    `SELECT l.asset_count AS count, l.storage_used_bytes AS libraryBytes, u.storage_used_bytes AS userBytes
     FROM libraries l JOIN users u ON u.id = l.user_id WHERE l.id = ?`,
    libraryId,
  );
  return z.object({ count: z.number(), libraryBytes: z.number(), userBytes: z.number() }).parse(row);
}
