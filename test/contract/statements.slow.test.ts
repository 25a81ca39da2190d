/** Checks every SQL statement of routes and jobs: D1's limits, index use, and rows read for a larger library. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../src/kernel/ids.ts";
import { originalKey } from "../../src/objects/keys.ts";
import { getRootOwner, sqlAll } from "../support/clients/account.ts";
import { call } from "../support/clients/api.ts";
import { deliver, runSchedule } from "../support/bindings/consumer.ts";
import { countingD1, type D1Counts } from "../support/bindings/d1.ts";
import { fillPath, listOperations, idPrefixOf, readDocument, type Operation } from "../support/clients/openapi.ts";
import { renderPng } from "../support/media/images.ts";
import { recordingQueue } from "../support/bindings/queue.ts";
import { seedLibrary, type Seeded } from "../support/rows/seed.ts";
import { insertKey, SEEDED_VERSION_ID } from "../support/clients/tenants.ts";
import { changeTasks, readTasks } from "../support/rows/taskRows.ts";

const document = await readDocument();
/** Asset counts of the two libraries. Both exceed a page of 200 in every list except the small one's trash. */
const SMALL_ASSETS = 2500;
const LARGE_ASSETS = 10_000;

interface StatementLibrary extends Seeded {
  ids: Record<string, string>;
  /** 220 live assets outside albums and stacks. */
  looseAssetIds: string[];
  /** 200 comma-separated ids per table. */
  idLists: Record<string, string>;
}

/** Seeds assets, and more albums, stacks, events, tasks and memberships than a page holds. */
async function seedStatementLibrary(userId: string, count: number): Promise<StatementLibrary> {
  const seeded = await seedLibrary(userId, count);
  const { libraryId, albumId } = seeded;
  const status = "CASE i % 3 WHEN 0 THEN 'failure' ELSE 'success' END";
  const tasks = `json_object('thumbhash', json_object('status', ${status}, 'dueAt', 0, 'createdAt', 0))`;
  const own = (prefix: string, i: string): string =>
    `'${prefix}' || substr('${libraryId}', 5, 14) || printf('%08d', ${i} + 22222222)`;
  const numbered = `(SELECT id, trashed_at, row_number() OVER (ORDER BY id) AS i FROM assets WHERE library_id = '${libraryId}')`;
  await env.DB.batch(
    [
      `INSERT INTO albums (id, library_id, user_id, name, folded_name, created_at, updated_at)
        SELECT ${own("album_", "i")}, '${libraryId}', '${userId}', 'a', 'a', 0, 0 FROM ${numbered} WHERE i % 2 = 0`,
      `INSERT INTO stacks (id, library_id, user_id, origin, created_at, updated_at)
        SELECT ${own("asset_stack_", "i")}, '${libraryId}', '${userId}', 'user', 0, 0 FROM ${numbered} WHERE i % 2 = 0`,
      `INSERT INTO stacks (id, library_id, user_id, origin, created_at, updated_at)
        VALUES ('${seeded.stackId}', '${libraryId}', '${userId}', 'user', 0, 0)`,
      `INSERT INTO asset_tasks (asset_id, library_id, user_id, tasks, states, newest_at, revision)
        SELECT id, '${libraryId}', '${userId}', ${tasks}, CASE i % 3 WHEN 0 THEN 3 ELSE 2 END, 0, 0 FROM ${numbered}`,
      `INSERT INTO events (library_id, event_type, entity_type, entity_id, created_at)
        SELECT '${libraryId}', 'asset_created', 'asset', id, 1700000000000 FROM ${numbered}`,
      `INSERT INTO events (library_id, event_type, entity_type, entity_id, created_at)
        SELECT '${libraryId}', 'metadata_updated', 'metadata', id, 1700000000001 FROM ${numbered}`,
      `INSERT INTO asset_cleanups (asset_id, due_at) SELECT 'gone' || id, 9e15 FROM ${numbered}`,
      `INSERT INTO version_cleanups (version_id, asset_id, due_at) SELECT 'gone' || id, id, 9e15 FROM ${numbered}`,
      `INSERT INTO api_keys (id, user_id, secret_hash, actions, created_at)
        SELECT 'apikey_' || id, 'intuser_of_many', id, '["read"]', 0 FROM ${numbered}`,
      `INSERT INTO libraries (id, user_id, name, created_at, updated_at)
        SELECT 'lib_of' || id, 'intuser_of_many', 'x', 0, 0 FROM ${numbered}`,
    ].map((query) => env.DB.prepare(query)),
  );
  const looseAssets = await sqlAll(
    `SELECT id FROM assets WHERE library_id = ? AND trashed_at IS NULL AND album_count = 0 AND stack_id IS NULL LIMIT 220`,
    libraryId,
  );
  const looseAssetIds = looseAssets.map((row) => String(row.id));
  const [assetId = ""] = looseAssetIds;
  await env.BUCKET.put(originalKey(assetId, SEEDED_VERSION_ID), await renderPng(4, 4, () => [0, 0, 0, 255]), {
    httpMetadata: { contentType: "image/png" },
  });
  const [membership] = await sqlAll("SELECT id FROM album_assets WHERE album_id = ? LIMIT 1", albumId);
  const [task] = await readTasks(assetId);
  const ids = {
    lib_: libraryId,
    asset_: assetId,
    asset_version_: SEEDED_VERSION_ID,
    asset_stack_: seeded.stackId,
    album_: albumId,
    album_asset_: String(membership?.id),
    btask_: String(task?.id),
    apikey_: (await insertKey({ userId })).id,
  };
  const idLists: Record<string, string> = {};
  for (const table of ["assets", "albums", "stacks", "album_assets"]) {
    const rows = await sqlAll(`SELECT id FROM ${table} WHERE library_id = ? ORDER BY id LIMIT 200`, libraryId);
    idLists[table] = rows.map((row) => String(row.id)).join(",");
  }
  return { ...seeded, ids, looseAssetIds, idLists };
}

/** Valid values of query parameters whose schema has no enum. */
const parameterValues: Record<string, string[]> = {
  bbox: ["-180,-90,180,90", "10,40,12,50", "170,-10,-170,10"],
  center: ["11,48"],
  radius: ["50000"],
  cell_size: ["10"],
  starting_after_bucket: ["2016-02-01T00:00:00"],
  local_datetime_after: ["2011-02-03T04:05:06", "2011-02-03T04:05:06+02:00"],
  local_datetime_before: ["2018-02-03T04:05:06", "2018-02-03T04:05:06-07:00"],
  created_at_gte: ["2020-01-01T00:00:00Z"],
  created_at_lt: ["2030-01-01T00:00:00Z"],
  after_cursor: ["ev_5", "ev_5_9"],
  as_of: ["at_9"],
  name: ["a"],
  entity_types: ["asset", "asset,album,library,person,face,album_asset,metadata,stack"],
  include: ["metadata,faces,people,metrics,file_data,variants", "variants", "asset_ids"],
  limit: ["200"],
  size: ["thumbnail"],
};

function valuesOf(library: StatementLibrary, parameter: NonNullable<Operation["parameters"]>[number]): string[] {
  const { name, schema } = parameter;
  if (name === "ids") return Object.values(library.idLists);
  if (name === "starting_after_id") return cursorIds(library);
  const prefix = idPrefixOf(parameter);
  if (prefix !== null) return [library.ids[prefix] ?? newId("asset")];
  return parameterValues[name] ?? (schema.enum ?? []).map(String);
}

const cursorIds = ({ ids }: StatementLibrary): string[] =>
  [ids["asset_"], ids["album_"], ids["asset_stack_"], ids["album_asset_"]].map(String);

const parameterCombinations: Record<string, string>[] = [
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
  { group_by: "week", order: "asc", starting_after_bucket: "2012-02-06T00:00:00", state: "all", ratings: "0,1,2,4,5" },
  { group_by: "day", ratings: "5", media_type: "video", album_filter: "not_in_album" },
  { group_by: "day", local_datetime_after: "2012-01-01T00:00:00Z", state: "all", ratings: "0,1,2,4,5", limit: "200" },
];

interface TestRequest {
  name: string;
  method: string;
  path: string;
  json?: unknown;
}

/** One request per value of each query parameter, and the combinations. */
function readRequests(operation: Operation, library: StatementLibrary): TestRequest[] {
  const path = fillPath(operation, library.ids);
  const parameters = (operation.parameters ?? []).filter((each) => each.in === "query");
  const names = new Set(parameters.map((each) => each.name));
  const required = parameters.filter((each) => each.required);
  const createRequest = (more: Record<string, string>): TestRequest => {
    const query = new URLSearchParams();
    if (names.has("library_id")) query.set("library_id", library.libraryId);
    for (const each of required) query.set(each.name, valuesOf(library, each)[0] ?? "x");
    for (const [name, value] of Object.entries(more)) if (names.has(name)) query.set(name, value);
    const name = `${operation.title} ${JSON.stringify(more).slice(0, 150)}`;
    return { name, method: operation.method, path: `${path}?${query.toString()}` };
  };
  const singleParameter = parameters.flatMap((each) =>
    valuesOf(library, each).map((value) =>
      createRequest({ [each.name]: value, ...(each.name === "center" ? { radius: "50000" } : {}) }),
    ),
  );
  const combined = parameterCombinations
    .filter((combination) => Object.keys(combination).every((name) => names.has(name)))
    .map(createRequest);
  return [createRequest({}), ...singleParameter, ...combined];
}

/** Writes of a fixed number of rows, in order: later requests depend on earlier ones. */
function writeRequests(library: StatementLibrary): TestRequest[] {
  const { ids, looseAssetIds, libraryId } = library;
  const [album, stack, asset] = [ids["album_"] ?? "", ids["asset_stack_"] ?? "", ids["asset_"] ?? ""];
  const inLibrary = `?library_id=${libraryId}`;
  const pageIds = looseAssetIds.slice(0, 200);
  const change = (method: string, path: string, json?: unknown): TestRequest => ({
    name: `${method} ${path}`,
    method,
    path,
    json,
  });
  return [
    change("PATCH", `/api/libraries/${libraryId}`, { name: `renamed ${libraryId}` }),
    change("POST", `/api/albums`, { name: "new", library_id: libraryId }),
    change("POST", `/api/albums/${album}/assets`, { asset_ids: pageIds }),
    change("PATCH", `/api/albums/${album}`, { name: "renamed", album_cover_asset_id: asset }),
    change("POST", "/api/stacks", { asset_ids: pageIds.slice(100), library_id: libraryId }),
    change("POST", `/api/stacks/${stack}/assets`, { asset_ids: pageIds.slice(0, 50) }),
    change("PATCH", `/api/stacks/${stack}`, { primary_asset_id: pageIds[0] }),
    change("DELETE", `/api/stacks/${stack}/assets`, { asset_ids: pageIds.slice(0, 10) }),
    change("PATCH", `/api/assets/${asset}`, { original_datetime: "2015-01-01T00:00:00", latitude: 1, longitude: 2 }),
    change("POST", "/api/assets/bulk-update", {
      updates: pageIds.map((id) => ({
        id,
        change: { description: "d", original_datetime: "2015-01-01T00:00:00Z" },
      })),
    }),
    change("POST", `/api/assets/exist${inLibrary}`, { deviceId: "d", deviceAssetIds: pageIds }),
    change("POST", `/api/assets/exist${inLibrary}`, { checksums: pageIds }),
    change("POST", `/api/assets/exist${inLibrary}`, { checksum_sha1s: pageIds }),
    change("POST", `/api/assets/trash${inLibrary}`, { ids: pageIds }),
    change("POST", `/api/assets/restore${inLibrary}`, { ids: pageIds }),
    change("DELETE", `/api/albums/${album}/assets`, { asset_ids: pageIds.slice(50) }),
    change("POST", `/api/assets/trash${inLibrary}`, { ids: pageIds.slice(0, 20) }),
    change("DELETE", `/api/assets${inLibrary}`, { ids: pageIds.slice(0, 100) }),
    change("DELETE", `/api/assets/${looseAssetIds[210]}`),
    change("DELETE", `/api/stacks/${stack}`),
  ];
}

/**
 * Reads that grow with the result: counts at a place, the map with a filter, an album without a limit, the names of
 * albums, of which a library has at most 10,000, the people of an album, which are those of its live assets, and the
 * trash within a bounding box, which has no index.
 */
const linearRequests = [
  /^GET \/api\/assets\/counts \{(?=.*(bbox|center))/,
  /^GET \/api\/assets \{(?=.*bbox)(?=.*"state":"(all|trashed)")/,
  /^GET \/api\/assets\/geo-clusters /,
  /^GET \/api\/albums\/\{album_id\}\/assets (?!.*limit)/,
  /^GET \/api\/albums \{"name"/,
  /^GET \/api\/people \{"album_id"/,
];

async function measure(request: TestRequest): Promise<{ status: number; counts: D1Counts }> {
  const { binding, counts } = countingD1(env.DB);
  const options = { env: { DB: binding, QUEUE: recordingQueue().binding } };
  const response = await call(request.method, request.path, {
    ...options,
    ...(request.json === undefined ? {} : { json: request.json }),
  });
  await response.arrayBuffer();
  return { status: response.status, counts };
}

/** The longest text of each distinct statement. */
const statements = new Map<string, { sql: string; values: unknown[]; sentBy: string }>();

/** Records statements; texts that differ only in ids and numbers count as the same statement. */
function recordStatements(sentBy: string, counts: D1Counts): void {
  for (const { sql, values } of counts.statements) {
    const normalized = sql.replaceAll(/'[a-z]+_\w{22}'/g, "''").replaceAll(/\d+/g, "0");
    const known = statements.get(normalized);
    if (known === undefined || known.sql.length < sql.length) statements.set(normalized, { sql, values, sentBy });
  }
}

let libraries: [StatementLibrary, StatementLibrary];

beforeAll(async () => {
  const { userId } = await getRootOwner();
  libraries = [await seedStatementLibrary(userId, SMALL_ASSETS), await seedStatementLibrary(userId, LARGE_ASSETS)];
});

describe("the rows that a request reads", { timeout: 250_000 }, () => {
  it("do not grow with the library", async () => {
    const [small, large] = libraries;
    const requestsFor = (library: StatementLibrary): TestRequest[] => [
      ...listOperations(document)
        .filter((operation) => operation.method === "GET")
        .flatMap((operation) => readRequests(operation, library)),
      ...writeRequests(library),
    ];
    const [smallRequests, largeRequests] = [requestsFor(small), requestsFor(large)];
    const violations: string[] = [];
    const statuses: Record<number, number> = {};
    for (const [i, request] of smallRequests.entries()) {
      const counterpart = largeRequests[i];
      if (counterpart === undefined) throw new Error("both libraries need the same requests");
      const [smallResult, largeResult] = [await measure(request), await measure(counterpart)];
      recordStatements(request.name, largeResult.counts);
      statuses[smallResult.status] = (statuses[smallResult.status] ?? 0) + 1;
      if (smallResult.status !== largeResult.status)
        violations.push(`${request.name}: ${smallResult.status}, ${largeResult.status}`);
      const rows = `${smallResult.counts.rowsRead} rows of ${SMALL_ASSETS}, ${largeResult.counts.rowsRead} of ${LARGE_ASSETS}`;
      const isLinear = linearRequests.some((pattern) => pattern.test(request.name));
      if (!isLinear && largeResult.counts.rowsRead > 1.5 * smallResult.counts.rowsRead + 100)
        violations.push(`${request.name}: ${rows}`);
    }
    expect(violations).toEqual([]);
    // The rest return 400 for contradictory parameters or a cursor of another entity type.
    expect(statuses[200], JSON.stringify(statuses)).toBeGreaterThan(150);
  });

  it("are few for a queue message, whatever the library's size", async () => {
    const [small] = libraries;
    const [unusedLibrary] = await sqlAll("SELECT id FROM libraries WHERE id LIKE 'lib_ofasset%' LIMIT 1");
    await sqlAll(
      "UPDATE libraries SET trashed_at = 1, purge_at = 1, user_id = ? WHERE id = ?",
      small.userId,
      unusedLibrary?.id,
    );
    await sqlAll(
      "UPDATE asset_cleanups SET due_at = 1 WHERE asset_id IN (SELECT asset_id FROM asset_cleanups LIMIT 5)",
    );
    await sqlAll(
      "UPDATE version_cleanups SET due_at = 1 WHERE version_id IN (SELECT version_id FROM version_cleanups LIMIT 5)",
    );
    for (const id of small.looseAssetIds.slice(0, 5)) await changeTasks(id, { status: "pending", dueAt: 0 });
    const schedule = countingD1(env.DB);
    await runSchedule({ DB: schedule.binding });
    recordStatements("the schedule", schedule.counts);
    expect(schedule.counts.statements.length).toBeGreaterThan(20);
    const messages = countingD1(env.DB);
    const assetId = small.looseAssetIds[215] ?? "";
    await changeTasks(assetId, { status: "pending", dueAt: 0 });
    await deliver([{ assetId }, { emptyTrashLibraryId: small.libraryId }], { env: { DB: messages.binding } });
    recordStatements("messages", messages.counts);
    expect(messages.counts.rowsRead).toBeLessThan(500);
  });
});

/** A seek to the last event, which EXPLAIN QUERY PLAN reports as a scan. */
const LAST_EVENT = /\(SELECT created_at FROM events ORDER BY seq DESC LIMIT 1\)/g;
/** Intended scans: libraries, whose expired trash is an index range each, and the findings of a deleted integrity report. */
const ALLOWED_SCANS = [/^SCAN l$/, /^SCAN integrity_findings$/];
const TABLES =
  "users|libraries|assets|asset_versions|albums|album_assets|stacks|asset_tasks|events|api_keys|asset_cleanups|version_cleanups|day_counts|month_counts|album_month_counts|map_points|map_cells|integrity_findings|derived_files";

/** Returns the plan's full scans of tables, resolving aliases. */
function findScans(sql: string, plan: string[]): string[] {
  const names = new Map<string, string>();
  for (const [, table = "", alias] of sql.matchAll(
    new RegExp(`[\\s("\`,](${TABLES})["\`]?(?:\\s+(?:AS\\s+)?["\`]?(\\w+))?`, "gi"),
  )) {
    names.set(table, table);
    if (alias !== undefined) names.set(alias, table);
  }
  const subqueries = new Set(plan.map((detail) => /^(?:CO-ROUTINE|MATERIALIZE) (\w+)$/.exec(detail)?.[1]));
  return plan.filter((detail) => {
    const name = /^SCAN (\w+)/.exec(detail)?.[1] ?? "";
    return names.has(name) && !subqueries.has(name) && !ALLOWED_SCANS.some((pattern) => pattern.test(detail));
  });
}

describe("every recorded statement", { timeout: 250_000 }, () => {
  it("uses an index", async () => {
    const scans: string[] = [];
    for (const { sql, values, sentBy } of statements.values()) {
      const { results } = await env.DB.prepare(`EXPLAIN QUERY PLAN ${sql.replaceAll(LAST_EVENT, "0")}`)
        .bind(...values)
        .all<{ detail: string }>();
      const scannedTables = findScans(
        sql,
        results.map((row) => row.detail),
      );
      if (scannedTables.length > 0) scans.push(`${sentBy}: ${scannedTables.join("; ")} in ${sql.slice(0, 300)}`);
    }
    expect(scans).toEqual([]);
    expect(findScans("SELECT id FROM assets a WHERE a.thumbhash = ?", ["SCAN a"])).toEqual(["SCAN a"]);
    expect(statements.size).toBeGreaterThan(100);
  });

  it("stays within D1's limits of 100 KB of text and 100 bound values", () => {
    const oversized = [...statements.values()].filter(({ sql, values }) => sql.length > 100_000 || values.length > 100);
    expect(
      oversized.map(({ sentBy, sql, values }) => `${sentBy}: ${sql.length} characters, ${values.length} values`),
    ).toEqual([]);
  });
});
