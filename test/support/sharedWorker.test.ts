/** Leaves traces as a test file could, and resets the Worker as before the next file. */
import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import { insertAssets, insertLibrary, insertUser } from "./clients/tenants.ts";
import { resetWorker } from "./sharedWorker.ts";

/** The number of rows of each table, and the schema. */
async function contentsOf(database: D1Database): Promise<unknown> {
  const query = "SELECT type, name, sql FROM sqlite_schema WHERE name NOT GLOB '_cf_*' ORDER BY type, name";
  const { results } = await database.prepare(query).all<{ type: string; name: string }>();
  const tables = results.filter(({ type, name }) => type === "table" && !name.startsWith("search_"));
  const counts = await database.batch<{ rows: number }>(
    tables.map(({ name }) => database.prepare(`SELECT count(*) AS rows FROM ${name}`)),
  );
  return { results, rows: counts.map((count, i) => [tables[i]?.name, count.results[0]?.rows]) };
}

async function stateOfWorker(): Promise<unknown> {
  const searchState = await env.SEARCH_DB.prepare("SELECT * FROM search_state").all();
  return {
    databases: [await contentsOf(env.DB), await contentsOf(env.SEARCH_DB)],
    searchState: searchState.results,
    objects: (await env.BUCKET.list()).objects.length,
    globals: Object.getOwnPropertyNames(globalThis),
  };
}

async function storeRows(): Promise<void> {
  const userId = await insertUser();
  const libraryId = await insertLibrary(userId);
  await insertAssets({ userId, libraryId }, [{}, { trashedAt: 1 }]);
  await env.SEARCH_DB.prepare("UPDATE search_state SET revision = 7").run();
  await env.BUCKET.put("left/behind", "bytes");
}

it("storage is as after the migrations", async () => {
  const before = await stateOfWorker();
  await storeRows();
  expect(await stateOfWorker()).not.toEqual(before);
  await resetWorker();
  expect(await stateOfWorker()).toEqual(before);
});

it("a changed schema is built again", async () => {
  const before = await stateOfWorker();
  await storeRows();
  const [trigger] = (await env.DB.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").all()).results;
  for (const change of [`DROP TRIGGER ${String(trigger?.["name"])}`, "CREATE TABLE added (id INTEGER PRIMARY KEY)"])
    await env.DB.prepare(change).run();
  await resetWorker();
  expect(await stateOfWorker()).toEqual(before);
});

it("modules, globals and the time are those of a new isolate", async () => {
  const before = await stateOfWorker();
  const module = await import("../../src/records/readMemory.ts");
  vi.useFakeTimers({ now: 0 });
  Object.assign(globalThis, { location: "left behind" });
  await resetWorker();
  expect(await import("../../src/records/readMemory.ts")).not.toBe(module);
  expect(Date.now()).toBeGreaterThan(0);
  expect(await stateOfWorker()).toEqual(before);
});
