/** Libraries, keys and the root owner through the API; stored rows and counts through SQL. */
import { env } from "cloudflare:workers";
import { z } from "zod";
import { call } from "./api.ts";

const withId = z.object({ id: z.string() });

/** Creates a library of a name that no other has. */
export async function createLibrary(name = `library ${crypto.randomUUID()}`): Promise<string> {
  return withId.parse(await (await call("POST", "/api/libraries", { json: { name } })).json()).id;
}

export async function createApiKey(json: Record<string, unknown> = {}): Promise<string> {
  const response = await call("POST", "/api/api-keys", { json: { name: "key", ...json } });
  return z.object({ api_key: z.string() }).parse(await response.json()).api_key;
}

/** The root key's user and its default library; the first request creates both. */
export async function getRootOwner(): Promise<{ userId: string; libraryId: string }> {
  const user = withId.parse(await (await call("GET", "/api/users/me")).json());
  const libraries = z.array(withId).parse(await (await call("GET", "/api/libraries")).json());
  const [library] = libraries;
  if (library === undefined) throw new Error("the root user has no library");
  return { userId: user.id, libraryId: library.id };
}

export async function sqlAll(query: string, ...values: unknown[]): Promise<Record<string, unknown>[]> {
  return (
    await env.DB.prepare(query)
      .bind(...values)
      .all()
  ).results;
}

const UPLOAD_ROWS = { assets: "assets", events: "events", tasks: "asset_tasks t, json_each(t.tasks)" };

/** Counts the assets, events and tasks. */
export async function countUploadRows(): Promise<Record<keyof typeof UPLOAD_ROWS, number>> {
  const counts = Object.entries(UPLOAD_ROWS)
    .map(([name, rows]) => `(SELECT count(*) FROM ${rows}) AS ${name}`)
    .join(", ");
  const [row] = await sqlAll(`SELECT ${counts}`);
  return z.object({ assets: z.number(), events: z.number(), tasks: z.number() }).parse(row);
}

export async function storageUsage(
  libraryId: string,
): Promise<{ count: number; libraryBytes: number; userBytes: number }> {
  const [row] = await sqlAll(
    `SELECT l.asset_count AS count, l.storage_used_bytes AS libraryBytes,
       (SELECT sum(o.storage_used_bytes) FROM libraries o WHERE o.user_id = l.user_id) AS userBytes
     FROM libraries l WHERE l.id = ?`,
    libraryId,
  );
  return z.object({ count: z.number(), libraryBytes: z.number(), userBytes: z.number() }).parse(row);
}
