/** Rows written by an upload and by changes of an asset. D1 bills each row of a table and each entry of an index. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { openDatabase } from "../../../src/records/database.ts";
import { runPendingTasks } from "../../../src/operations/tasks/taskRunner.ts";
import type { Describer } from "../../../src/providers/describers/describer.ts";
import type { PlaceFinder } from "../../../src/providers/places/placeFinder.ts";
import { sampleBytes } from "../../fixtures/media/samples.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { recordingQueue } from "../../support/bindings/queue.ts";
import { getRootOwner, sqlAll } from "../../support/clients/account.ts";
import { call, upload } from "../../support/clients/api.ts";
import { testContext } from "../../support/context.ts";

const NO_GPS = "0008_Panasonic_DMC-LC40.jpg";
const GPS = "thompson-springs.jpg";
const GPS_VIDEO = "0009_with-gps.mp4";

const database = countingD1(env.DB);
const bindings = { DB: database.binding, QUEUE: recordingQueue().binding };
const created = z.object({ id: z.string() });

/** Rows written by the statements whose text matches. */
function written(pattern: RegExp): number {
  return database.counts.statements
    .filter(({ sql }) => pattern.test(sql))
    .reduce((sum, { rowsWritten }) => sum + rowsWritten, 0);
}

async function uploadSample(name: string): Promise<string> {
  const bytes = await sampleBytes(name);
  database.reset();
  const response = await upload(bytes, { name, env: bindings });
  expect(response.status).toBe(201);
  return created.parse(await response.json()).id;
}

async function send(method: string, path: string, json?: unknown): Promise<unknown> {
  database.reset();
  const response = await call(method, path, { env: bindings, ...(json === undefined ? {} : { json }) });
  expect(response.status).toBeLessThan(300);
  return response.status === 204 ? null : await response.json();
}

/** The index of times has one of at least five consecutive events. */
const TIME_INDEX_ROWS = 1;

beforeAll(async () => {
  await getRootOwner();
});

describe("the rows written by an upload", () => {
  it.each([
    // The row, its key, six indexes, the day, the month and the library; with coordinates six map indexes, a point, nine cells.
    { name: NO_GPS, assetRows: 11 },
    { name: GPS, assetRows: 27 },
    { name: GPS_VIDEO, assetRows: 27 },
  ])("are few for the asset and its events: $name", async ({ name, assetRows }) => {
    await uploadSample(name);
    expect(written(/^insert into "assets"/)).toBeLessThanOrEqual(assetRows);
    // Two events, each a row and one index entry, and the last number assigned.
    expect(written(/^INSERT INTO events/)).toBeLessThanOrEqual(2 * 2 + 1 + TIME_INDEX_ROWS);
  });
});

const place = { city: "Moab", state: "Utah", country: "USA", countryCode: "US", sublocation: null, placeName: null };
const placeFinder: PlaceFinder = { find: () => Promise.resolve(place) };
const describer: Describer = { describe: () => Promise.resolve({ kind: "text", text: "a photo" }) };

describe("the rows written by an upload and all its tasks", () => {
  it.each([
    { name: NO_GPS, rows: 30 },
    { name: GPS, rows: 48 },
    // The key frame becomes its poster, which four image tasks read.
    { name: GPS_VIDEO, rows: 59 },
  ])("stay within their budget: $name", async ({ name, rows }) => {
    await sqlAll("DELETE FROM assets");
    const id = await uploadSample(name);
    const context = testContext({ db: openDatabase(database.binding, "primary"), placeFinder, describer });
    await runPendingTasks(context, id);
    expect(await sqlAll("SELECT asset_id FROM asset_tasks WHERE due_at IS NOT NULL")).toEqual([]);
    // Events are inserted twice: by the upload and by the tasks.
    expect(database.counts.rowsWritten).toBeLessThanOrEqual(rows + 2 * TIME_INDEX_ROWS);
  });
});

interface Change {
  method: string;
  path: (ids: { asset: string; album: string }) => string;
  json?: (assetId: string) => unknown;
  /** Rows written at most without and with coordinates, besides the index of times. */
  rows: [number, number];
}

/** In order: each change applies to the asset as the one before left it. */
const changes: Record<string, Change> = {
  trash: { method: "POST", path: () => "/api/assets/trash", json: (id) => ({ ids: [id] }), rows: [14, 24] },
  restore: { method: "POST", path: () => "/api/assets/restore", json: (id) => ({ ids: [id] }), rows: [13, 29] },
  "addition to an album": {
    method: "POST",
    path: ({ album }) => `/api/albums/${album}/assets`,
    json: (id) => ({ asset_ids: [id] }),
    rows: [19, 19],
  },
  "new description": {
    method: "PATCH",
    path: ({ asset }) => `/api/assets/${asset}`,
    json: () => ({ description: "a" }),
    rows: [4, 4],
  },
  "new rating": {
    method: "PATCH",
    path: ({ asset }) => `/api/assets/${asset}`,
    json: () => ({ rating: 5 }),
    rows: [6, 6],
  },
  "new capture time of an album's asset": {
    method: "PATCH",
    path: ({ asset }) => `/api/assets/${asset}`,
    json: () => ({ original_datetime: "2001-02-03T04:05:06" }),
    rows: [25, 51],
  },
  "new position": {
    method: "PATCH",
    path: ({ asset }) => `/api/assets/${asset}`,
    json: () => ({ latitude: 10, longitude: 20 }),
    rows: [24, 33],
  },
  deletion: { method: "DELETE", path: ({ asset }) => `/api/assets/${asset}`, rows: [31, 32] },
};

describe.each([
  { name: NO_GPS, column: 0 },
  { name: GPS, column: 1 },
])("the rows written by a change of $name", ({ name, column }) => {
  it("stay within their budgets", async () => {
    await sqlAll("DELETE FROM assets");
    const asset = await uploadSample(name);
    const album = created.parse(await send("POST", "/api/albums", { name: `album of ${name}` })).id;
    const counts: Record<string, number> = {};
    for (const [step, { method, path, json }] of Object.entries(changes)) {
      await send(method, path({ asset, album }), json?.(asset));
      counts[step] = database.counts.rowsWritten;
    }
    const excess = Object.entries(changes)
      .filter(([step, { rows }]) => (counts[step] ?? Infinity) > (rows[column] ?? 0) + TIME_INDEX_ROWS)
      .map(([step]) => step);
    expect(excess, JSON.stringify(counts)).toEqual([]);
  });
});
