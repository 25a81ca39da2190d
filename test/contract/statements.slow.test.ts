/** Every SQL statement that any route or chore sends: within D1's limits, and by an index whatever the library's size. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../src/kernel/ids.ts";
import { originalKey } from "../../src/objects/keys.ts";
import { sqlAll } from "../support/clients/account.ts";
import { call } from "../support/clients/api.ts";
import { deliver, runSchedule } from "../support/bindings/consumer.ts";
import { countingD1, type D1Counts } from "../support/bindings/d1.ts";
import { fillPath, operationsOf, prefixOf, readDocument, type Operation } from "../support/clients/openapi.ts";
import { pngOf } from "../support/media/images.ts";
import { keptQueue } from "../support/bindings/queue.ts";
import { seedLibrary, type Seeded } from "../support/rows/seed.ts";
import { insertKey, rootOwner, SEEDED_VERSION } from "../support/clients/tenants.ts";

const document = await readDocument();
/** The smaller has more of everything than a page of 200 holds, but for its trash. */
const [SMALL, LARGE] = [2500, 10_000];

interface World extends Seeded {
  ids: Record<string, string>;
  /** 200 live assets in no album and no stack. */
  some: string[];
  /** 200 ids of each kind of row, joined. */
  pages: Record<string, string>;
}

/** Beside the assets: an album, a stack, an event, a task and a link for each few, in many more than a page holds. */
async function seedWorld(userId: string, count: number): Promise<World> {
  const seeded = await seedLibrary(userId, count);
  const { libraryId, albumId } = seeded;
  const own = (prefix: string, i: string): string =>
    `'${prefix}' || substr('${libraryId}', 5, 14) || printf('%08d', ${i} + 22222222)`;
  const numbered = `(SELECT id, trashed_at, row_number() OVER (ORDER BY id) AS i FROM assets WHERE library_id = '${libraryId}')`;
  await env.DB.batch(
    [
      `INSERT INTO albums (id, library_id, user_id, name, created_at, updated_at)
        SELECT ${own("album_", "i")}, '${libraryId}', '${userId}', 'a', 0, 0 FROM ${numbered} WHERE i % 2 = 0`,
      `INSERT INTO stacks (id, library_id, user_id, origin, created_at, updated_at)
        SELECT ${own("asset_stack_", "i")}, '${libraryId}', '${userId}', 'user', 0, 0 FROM ${numbered} WHERE i % 2 = 0`,
      `INSERT INTO stacks (id, library_id, user_id, origin, created_at, updated_at)
        VALUES ('${seeded.stackId}', '${libraryId}', '${userId}', 'user', 0, 0)`,
      `INSERT INTO tasks (id, library_id, user_id, asset_id, task_type, delivery_id, status, due_at, created_at)
        SELECT ${own("btask_", "i")}, '${libraryId}', '${userId}', id, 'thumbhash', 'd' || id, CASE i % 3 WHEN 0 THEN 'failure' ELSE 'success' END, 0, 0
        FROM ${numbered}`,
      `INSERT INTO events (library_id, event_type, entity_type, entity_id, created_at)
        SELECT '${libraryId}', 'asset_created', 'asset', id, 1700000000000 FROM ${numbered}`,
      `INSERT INTO events (library_id, event_type, entity_type, entity_id, created_at)
        SELECT '${libraryId}', 'metadata_updated', 'metadata', id, 1700000000001 FROM ${numbered}`,
      `INSERT INTO deletions (asset_id, due_at) SELECT 'gone' || id, 9e15 FROM ${numbered}`,
      `INSERT INTO version_deletions (version_id, asset_id, due_at) SELECT 'gone' || id, id, 9e15 FROM ${numbered}`,
      `INSERT INTO api_keys (id, user_id, secret_hash, actions, created_at)
        SELECT 'apikey_' || id, 'intuser_of_many', id, '["read"]', 0 FROM ${numbered}`,
      `INSERT INTO libraries (id, user_id, name, created_at, updated_at)
        SELECT 'lib_of' || id, 'intuser_of_many', 'x', 0, 0 FROM ${numbered}`,
    ].map((query) => env.DB.prepare(query)),
  );
  const live = await sqlAll(
    `SELECT id FROM assets WHERE library_id = ? AND trashed_at IS NULL AND album_count = 0 AND stack_id IS NULL LIMIT 220`,
    libraryId,
  );
  const some = live.map((row) => String(row.id));
  const [assetId = ""] = some;
  await env.BUCKET.put(originalKey(assetId, SEEDED_VERSION), await pngOf(4, 4, () => [0, 0, 0, 255]), {
    httpMetadata: { contentType: "image/png" },
  });
  const [link] = await sqlAll("SELECT id FROM album_assets WHERE album_id = ? LIMIT 1", albumId);
  const [task] = await sqlAll("SELECT id FROM tasks WHERE library_id = ? LIMIT 1", libraryId);
  const ids = {
    lib_: libraryId,
    asset_: assetId,
    asset_version_: SEEDED_VERSION,
    asset_stack_: seeded.stackId,
    album_: albumId,
    album_asset_: String(link?.id),
    btask_: String(task?.id),
    apikey_: (await insertKey({ userId })).id,
  };
  const pages: Record<string, string> = {};
  for (const table of ["assets", "albums", "stacks", "album_assets"]) {
    const rows = await sqlAll(`SELECT id FROM ${table} WHERE library_id = ? ORDER BY id LIMIT 200`, libraryId);
    pages[table] = rows.map((row) => String(row.id)).join(",");
  }
  return { ...seeded, ids, some, pages };
}

/** Good values of query parameters, beside those that their schema tells. */
const known: Record<string, string[]> = {
  bbox: ["-180,-90,180,90", "10,40,12,50", "170,-10,-170,10"],
  center: ["11,48"],
  radius: ["50000"],
  cell_size: ["10"],
  local_datetime_after: ["2011-02-03T04:05:06", "2011-02-03T04:05:06+02:00"],
  local_datetime_before: ["2018-02-03T04:05:06", "2018-02-03T04:05:06-07:00"],
  created_at_gte: ["2020-01-01T00:00:00Z"],
  created_at_lt: ["2030-01-01T00:00:00Z"],
  after_cursor: ["ev_5"],
  entity_types: ["asset", "asset,album,person,face,album_asset,metadata,stack"],
  include: ["metadata,faces,people,metrics,file_data,variants", "variants"],
  limit: ["200"],
  size: ["thumbnail"],
};

function valuesOf(world: World, parameter: NonNullable<Operation["parameters"]>[number]): string[] {
  const { name, schema } = parameter;
  if (name === "ids") return Object.values(world.pages);
  if (name === "starting_after_id") return startsOf(world);
  const prefix = prefixOf(parameter);
  if (prefix !== null) return [world.ids[prefix] ?? newId("asset")];
  return known[name] ?? (schema.enum ?? []).map(String);
}

const startsOf = ({ ids }: World): string[] =>
  [ids["asset_"], ids["album_"], ids["asset_stack_"], ids["album_asset_"]].map(String);

const mixes: Record<string, string>[] = [
  { bbox: "10,40,12,50", state: "all" },
  { bbox: "-180,-90,180,90", state: "trashed", local_datetime_after: "2011-02-03T04:05:06" },
  { state: "trashed", local_datetime_after: "2012-01-01T00:00:00", local_datetime_before: "2016-06-01T00:00:00" },
  {
    state: "trashed",
    local_datetime_after: "2012-01-01T00:00:00+02:00",
    local_datetime_before: "2016-06-01T00:00:00Z",
  },
  { state: "trashed", order: "asc" },
  { album_filter: "in_album", local_datetime_before: "2016-06-01T00:00:00Z" },
  { album_filter: "not_in_album", state: "all" },
  { media_type: "video", order: "asc", local_datetime_after: "2016-06-01T00:00:00Z" },
  {
    center: "11,48",
    radius: "50000",
    state: "trashed",
    local_datetime_after: "2012-01-01T00:00:00Z",
    local_datetime_before: "2016-11-01T00:00:00Z",
    media_type: "image",
    album_filter: "not_in_album",
  },
  { status: "failure", task_type: "thumbhash" },
  {
    created_at_gte: "2020-01-01T00:00:00Z",
    created_at_lt: "2030-01-01T00:00:00Z",
    entity_types: "asset,metadata",
    after_cursor: "ev_9",
  },
  { state: "trashed", album_filter: "in_album", bbox: "10,40,12,50" },
];

interface Asked {
  name: string;
  method: string;
  path: string;
  json?: unknown;
}

/** Every query parameter with each of its values, and mixtures. */
function readsOf(operation: Operation, world: World): Asked[] {
  const path = fillPath(operation, world.ids);
  const parameters = (operation.parameters ?? []).filter((each) => each.in === "query");
  const names = new Set(parameters.map((each) => each.name));
  const needed = parameters.filter((each) => each.required);
  const ask = (more: Record<string, string>): Asked => {
    const query = new URLSearchParams();
    if (names.has("library_id")) query.set("library_id", world.libraryId);
    for (const each of needed) query.set(each.name, valuesOf(world, each)[0] ?? "x");
    for (const [name, value] of Object.entries(more)) if (names.has(name)) query.set(name, value);
    const name = `${operation.title} ${JSON.stringify(more).slice(0, 150)}`;
    return { name, method: operation.method, path: `${path}?${query.toString()}` };
  };
  const single = parameters.flatMap((each) =>
    valuesOf(world, each).map((value) =>
      ask({ [each.name]: value, ...(each.name === "center" ? { radius: "50000" } : {}) }),
    ),
  );
  const mixed = mixes.filter((mix) => Object.keys(mix).every((name) => names.has(name))).map(ask);
  return [ask({}), ...single, ...mixed];
}

/** Changes, each of as many rows whatever the library: what one makes the next may use. */
function changesOf(world: World): Asked[] {
  const { ids, some, libraryId } = world;
  const [album, stack, asset] = [ids["album_"] ?? "", ids["asset_stack_"] ?? "", ids["asset_"] ?? ""];
  const within = `?library_id=${libraryId}`;
  const few = some.slice(0, 200);
  const change = (method: string, path: string, json?: unknown): Asked => ({
    name: `${method} ${path}`,
    method,
    path,
    json,
  });
  return [
    change("PATCH", `/api/libraries/${libraryId}`, { name: "renamed" }),
    change("POST", `/api/albums`, { name: "new", library_id: libraryId }),
    change("POST", `/api/albums/${album}/assets`, { asset_ids: few }),
    change("PATCH", `/api/albums/${album}`, { name: "renamed", album_cover_asset_id: asset }),
    change("POST", "/api/stacks", { asset_ids: few.slice(100), library_id: libraryId }),
    change("POST", `/api/stacks/${stack}/assets`, { asset_ids: few.slice(0, 50) }),
    change("PATCH", `/api/stacks/${stack}`, { primary_asset_id: few[0] }),
    change("DELETE", `/api/stacks/${stack}/assets`, { asset_ids: few.slice(0, 10) }),
    change("PATCH", `/api/assets/${asset}`, { original_datetime: "2015-01-01T00:00:00", latitude: 1, longitude: 2 }),
    change("POST", "/api/assets/bulk-update", {
      updates: few.map((id) => ({ id, change: { description: "d", original_datetime: "2015-01-01T00:00:00Z" } })),
    }),
    change("POST", `/api/assets/exist${within}`, { deviceId: "d", deviceAssetIds: few }),
    change("POST", `/api/assets/exist${within}`, { checksums: few }),
    change("POST", `/api/assets/exist${within}`, { checksum_sha1s: few }),
    change("POST", `/api/assets/trash${within}`, { ids: few }),
    change("POST", `/api/assets/restore${within}`, { ids: few }),
    change("DELETE", `/api/albums/${album}/assets`, { asset_ids: few.slice(50) }),
    change("POST", `/api/assets/trash${within}`, { ids: few.slice(0, 20) }),
    change("DELETE", `/api/assets${within}`, { ids: few.slice(0, 100) }),
    change("DELETE", `/api/assets/${some[210]}`),
    change("DELETE", `/api/stacks/${stack}`),
  ];
}

/**
 * What reads as much as it counts or answers, and says so: the map with a filter, an album without a limit, the trash
 * within a box, which no index is of.
 */
const proportional = [
  /^GET \/api\/assets \{(?=.*bbox)(?=.*"state":"(all|trashed)")/,
  /^GET \/api\/assets\/geo-clusters /,
  /^GET \/api\/albums\/\{album_id\}\/assets (?!.*limit)/,
];

async function measured(asked: Asked): Promise<{ status: number; counts: D1Counts }> {
  const { binding, counts } = countingD1(env.DB);
  const options = { env: { DB: binding, QUEUE: keptQueue().binding } };
  const response = await call(asked.method, asked.path, {
    ...options,
    ...(asked.json === undefined ? {} : { json: asked.json }),
  });
  await response.arrayBuffer();
  return { status: response.status, counts };
}

/** Each statement once, the longest of its kind. */
const seen = new Map<string, { sql: string; values: unknown[]; by: string }>();

/** Whose text differs from another's in ids and numbers alone is the same statement. */
function remember(by: string, counts: D1Counts): void {
  for (const { sql, values } of counts.statements) {
    const kind = sql.replaceAll(/'[a-z]+_\w{22}'/g, "''").replaceAll(/\d+/g, "0");
    const longest = seen.get(kind);
    if (longest === undefined || longest.sql.length < sql.length) seen.set(kind, { sql, values, by });
  }
}

let worlds: [World, World];

beforeAll(async () => {
  const { userId } = await rootOwner();
  worlds = [await seedWorld(userId, SMALL), await seedWorld(userId, LARGE)];
});

describe("what a route reads", { timeout: 250_000 }, () => {
  it("does not grow with the library", async () => {
    const [small, large] = worlds;
    const readsIn = (world: World): Asked[] => [
      ...operationsOf(document)
        .filter((operation) => operation.method === "GET")
        .flatMap((operation) => readsOf(operation, world)),
      ...changesOf(world),
    ];
    const [one, other] = [readsIn(small), readsIn(large)];
    const grown: string[] = [];
    const statuses: Record<number, number> = {};
    for (const [i, asked] of one.entries()) {
      const twin = other[i];
      if (twin === undefined) throw new Error("two worlds are asked the same");
      const [few, many] = [await measured(asked), await measured(twin)];
      remember(asked.name, many.counts);
      statuses[few.status] = (statuses[few.status] ?? 0) + 1;
      if (few.status !== many.status) grown.push(`${asked.name}: ${few.status}, ${many.status}`);
      const rows = `${few.counts.rowsRead} rows of ${SMALL}, ${many.counts.rowsRead} of ${LARGE}`;
      const growsByNature = proportional.some((pattern) => pattern.test(asked.name));
      if (!growsByNature && many.counts.rowsRead > 1.5 * few.counts.rowsRead + 100)
        grown.push(`${asked.name}: ${rows}`);
    }
    expect(grown).toEqual([]);
    // Questions that contradict themselves, and cursors of another kind of row.
    expect(statuses[200], JSON.stringify(statuses)).toBeGreaterThan(150);
  });

  it("nor what a chore or a message reads", async () => {
    const [small] = worlds;
    const [spare] = await sqlAll("SELECT id FROM libraries WHERE id LIKE 'lib_ofasset%' LIMIT 1");
    await sqlAll(
      "UPDATE libraries SET trashed_at = 1, drain_at = 1, user_id = ? WHERE id = ?",
      small.userId,
      spare?.id,
    );
    await sqlAll("UPDATE deletions SET due_at = 1 WHERE asset_id IN (SELECT asset_id FROM deletions LIMIT 5)");
    await sqlAll(
      "UPDATE version_deletions SET due_at = 1 WHERE version_id IN (SELECT version_id FROM version_deletions LIMIT 5)",
    );
    await sqlAll("UPDATE tasks SET status = 'pending', due_at = 0 WHERE id IN (SELECT id FROM tasks LIMIT 5)");
    const chores = countingD1(env.DB);
    await runSchedule({ DB: chores.binding });
    remember("the schedule", chores.counts);
    expect(chores.counts.statements.length).toBeGreaterThan(20);
    const messages = countingD1(env.DB);
    const assetId = small.some[215] ?? "";
    await sqlAll("UPDATE tasks SET status = 'pending', due_at = 0 WHERE asset_id = ?", assetId);
    await deliver([{ assetId }, { emptiedLibraryId: small.libraryId }], { env: { DB: messages.binding } });
    remember("messages", messages.counts);
    expect(messages.counts.rowsRead).toBeLessThan(500);
  });
});

/** A seek to the end of the feed, which the plan calls a scan. */
const LAST_EVENT = /\(SELECT created_at FROM events ORDER BY seq DESC LIMIT 1\)/g;
/** Walked on purpose: each library's expired trash begins its own index; a report's findings are deleted with it. */
const MEANT = [/^SCAN l$/, /^SCAN integrity_findings$/];
const TABLES =
  "users|libraries|assets|asset_versions|albums|album_assets|stacks|tasks|events|api_keys|deletions|version_deletions|month_counts|album_months|map_points|map_cells|integrity_findings";

/** What the plan walks from end to end: tables, by whatever name the statement gives them. */
function walked(sql: string, plan: string[]): string[] {
  const names = new Map<string, string>();
  for (const [, table = "", alias] of sql.matchAll(
    new RegExp(`[\\s("\`,](${TABLES})["\`]?(?:\\s+(?:AS\\s+)?["\`]?(\\w+))?`, "gi"),
  )) {
    names.set(table, table);
    if (alias !== undefined) names.set(alias, table);
  }
  const made = new Set(plan.map((detail) => /^(?:CO-ROUTINE|MATERIALIZE) (\w+)$/.exec(detail)?.[1]));
  return plan.filter((detail) => {
    const name = /^SCAN (\w+)/.exec(detail)?.[1] ?? "";
    return names.has(name) && !made.has(name) && !MEANT.some((pattern) => pattern.test(detail));
  });
}

describe("every statement that was sent", { timeout: 250_000 }, () => {
  it("finds its rows by an index", async () => {
    const scans: string[] = [];
    for (const { sql, values, by } of seen.values()) {
      const { results } = await env.DB.prepare(`EXPLAIN QUERY PLAN ${sql.replaceAll(LAST_EVENT, "0")}`)
        .bind(...values)
        .all<{ detail: string }>();
      const found = walked(
        sql,
        results.map((row) => row.detail),
      );
      if (found.length > 0) scans.push(`${by}: ${found.join("; ")} in ${sql.slice(0, 300)}`);
    }
    expect(scans).toEqual([]);
    expect(walked("SELECT id FROM assets a WHERE a.thumbhash = ?", ["SCAN a"])).toEqual(["SCAN a"]);
    expect(seen.size).toBeGreaterThan(100);
  });

  it("keeps to D1's limits: 100 KB of text, 100 values", () => {
    const beyond = [...seen.values()].filter(({ sql, values }) => sql.length > 100_000 || values.length > 100);
    expect(beyond.map(({ by, sql, values }) => `${by}: ${sql.length} characters, ${values.length} values`)).toEqual([]);
  });
});
