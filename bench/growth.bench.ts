/**
 * `npm run bench:growth`: the same requests in libraries of 10,000, 100,000 and 1,000,000 assets: rows read, D1 trips
 * and time. Takes about two minutes.
 */
import { env } from "cloudflare:workers";
import { it } from "vitest";
import { call } from "../test/support/clients/api.ts";
import { countingD1 } from "../test/support/bindings/d1.ts";
import { seedLibrary, type Seeded } from "../test/support/rows/seed.ts";
import { insertEvents } from "./feedRows.ts";
import type { GrowthFigures, GrowthRow } from "./growth/growthFigures.ts";
import { HOME, typicalLibrary } from "./typicalLibrary.ts";

const LIBRARY_ASSETS = [10_000, 100_000, 1_000_000];
const WARM_UP_REQUESTS = 10;
const REPEATS = 25;
const EXIST_CHECKSUMS = 5000;

interface Work {
  method: "GET" | "POST";
  path: string;
  json?: unknown;
}

/** Local capture times of the seeded assets start in 2010, so the last page of the descending list is the oldest. */
async function deepestId(libraryId: string): Promise<string> {
  const row = await env.DB.prepare(
    "SELECT id FROM assets WHERE library_id = ? AND trashed_at IS NULL ORDER BY sort_key LIMIT 1 OFFSET 101",
  )
    .bind(libraryId)
    .first<{ id: string }>();
  return row?.id ?? "";
}

async function works({ libraryId, albumId }: Seeded): Promise<Record<string, Work>> {
  const deepest = await deepestId(libraryId);
  const library = `library_id=${libraryId}`;
  const { latitude, longitude } = HOME;
  const box = [longitude - 0.15, latitude - 0.1, longitude + 0.15, latitude + 0.1].map((n) => n.toFixed(4)).join(",");
  // Half of the checksums are in the library.
  const checksums = Array.from({ length: EXIST_CHECKSUMS }, (_, i) => (i % 2 === 0 ? `c${i}` : `missing${i}`));
  const get = (path: string): Work => ({ method: "GET", path });
  return {
    "one asset": get(`/api/assets/${deepest}`),
    "first page of 100": get(`/api/assets?include=&limit=100&${library}`),
    "deepest page of 100": get(`/api/assets?include=&limit=100&${library}&starting_after_id=${deepest}`),
    "page of an album": get(`/api/assets?include=&limit=100&${library}&album_id=${albumId}`),
    "page of videos": get(`/api/assets?include=&limit=100&${library}&media_type=video`),
    "month counts": get(`/api/assets/counts?${library}`),
    "map of a city": get(`/api/assets/geo-clusters?${library}&bbox=${box}&cell_size=0.01`),
    "exist, 5,000 checksums": { method: "POST", path: `/api/assets/exist?${library}`, json: { checksums } },
    "page of events": get(`/api/events?${library}&limit=100`),
  };
}

interface Measured {
  rowsRead: number;
  roundTrips: number;
  ms: number;
}

async function send({ method, path, json }: Work): Promise<Measured> {
  const database = countingD1(env.DB);
  const startMs = Date.now();
  const options = { env: { DB: database.binding }, ...(json === undefined ? {} : { json }) };
  const response = await call(method, path, options);
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
  const { rowsRead, roundTrips } = database.counts;
  return { rowsRead, roundTrips, ms: Date.now() - startMs };
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** Sends each library's request in turn, so that a busy moment of the machine falls on all of them. */
async function measureInTurn(requests: Work[]): Promise<Omit<GrowthRow, "work" | "assets">[]> {
  const measured = requests.map((): Measured[] => []);
  for (let i = -WARM_UP_REQUESTS; i < REPEATS; i += 1) {
    for (const [index, request] of requests.entries()) {
      const result = await send(request);
      if (i >= 0) measured[index]?.push(result);
    }
  }
  return measured.map((results) => ({
    rowsRead: results.at(-1)?.rowsRead ?? 0,
    roundTrips: results.at(-1)?.roundTrips ?? 0,
    p50Ms: median(results.map(({ ms }) => ms)),
  }));
}

it("measures the same requests in growing libraries", { timeout: 1_200_000 }, async ({ task }) => {
  const user = await (await call("GET", "/api/users/me")).json<{ id: string }>();
  const rows: GrowthRow[] = [];
  const libraries: Seeded[] = [];
  for (const count of LIBRARY_ASSETS) {
    const library = await seedLibrary(user.id, count, typicalLibrary);
    await insertEvents(library, count);
    libraries.push(library);
  }
  // After all libraries exist, so that each is measured in the same database.
  const requests = await Promise.all(libraries.map(works));
  for (const work of Object.keys(requests[0] ?? {})) {
    const inTurn = requests.map((byName) => byName[work]).filter((request) => request !== undefined);
    const results = await measureInTurn(inTurn);
    for (const [index, result] of results.entries()) {
      rows.push({ work, assets: LIBRARY_ASSETS[index] ?? 0, ...result });
    }
  }
  Object.assign(task.meta, { figures: { rows } satisfies GrowthFigures });
});
