/** `npm run bench:places`: requests, bytes and CPU time of reverse geocoding, for test/support/knownPlaces.ts. */
import { env } from "cloudflare:workers";
import { it } from "vitest";
import { lookUp } from "../src/providers/places/offline/lookup.ts";
import { offlinePlaces } from "../src/providers/places/offline/offlinePlaces.ts";
import { tileSchema } from "../src/providers/places/offline/tile.ts";
import { createTileCache, tileReader } from "../src/providers/places/offline/tileCache.ts";
import { offsetMinutesAt, timeZoneAt } from "../src/providers/places/timeZones.ts";
import { knownPlaces } from "../test/support/knownPlaces.ts";
import { tableHeader, tableRow } from "./measureCost.ts";

const LARGEST_TILE = "102203";

interface Traffic {
  requests: number;
  bytes: number;
}

function countingAssets(): { assets: Pick<Fetcher, "fetch">; traffic: Traffic } {
  const traffic = { requests: 0, bytes: 0 };
  const fetch: Fetcher["fetch"] = async (input, init) => {
    const response = await env.ASSETS.fetch(input, init);
    const bytes = await response.arrayBuffer();
    traffic.requests += 1;
    traffic.bytes += bytes.byteLength;
    return new Response(bytes, response);
  };
  return { assets: { fetch }, traffic };
}

/** A Worker's clock only advances after I/O. */
async function nowMs(): Promise<number> {
  await env.ASSETS.fetch("https://assets.local/places/NOTICE.txt");
  return performance.now();
}

async function averageMs(times: number, work: (index: number) => unknown): Promise<string> {
  const startMs = await nowMs();
  for (let index = 0; index < times; index += 1) work(index);
  return (((await nowMs()) - startMs) / times).toFixed(3);
}

it("measures the cost per place", { timeout: 120_000 }, async ({ task }) => {
  const cold = countingAssets();
  const sizes: number[] = [];
  for (const { latitude, longitude } of knownPlaces) {
    const before = cold.traffic.bytes;
    await offlinePlaces(tileReader(cold.assets, createTileCache())).find(latitude, longitude);
    sizes.push(cold.traffic.bytes - before);
  }
  const warm = countingAssets();
  const readTile = tileReader(warm.assets, createTileCache());
  for (const { latitude, longitude } of knownPlaces) await offlinePlaces(readTile).find(latitude, longitude);
  sizes.sort((a, b) => a - b);
  const count = knownPlaces.length;
  const text = await (await env.ASSETS.fetch(`https://assets.local/places/${LARGEST_TILE}.json`)).text();
  const tile = tileSchema.parse(JSON.parse(text));
  const pointAt = (index: number): [number, number] => {
    const { latitude = 0, longitude = 0 } = knownPlaces[index % count] ?? {};
    return [latitude, longitude];
  };
  const lines = [
    ...tableHeader(["place names"], [`${count} places`]),
    tableRow("asset requests, empty cache", cold.traffic.requests / count),
    tableRow("bytes, empty cache, median", sizes[count >> 1] ?? 0),
    tableRow("bytes, empty cache, maximum", sizes.at(-1) ?? 0),
    tableRow("asset requests per place, one isolate, worldwide", (warm.traffic.requests / count).toFixed(2)),
    tableRow("the largest tile, parsed, ms", await averageMs(50, () => JSON.parse(text))),
    tableRow(
      "the largest tile, parsed and validated, ms",
      await averageMs(50, () => tileSchema.parse(JSON.parse(text))),
    ),
    tableRow("settlements in it", tile.names.length + tile.sections.length / 4),
    tableRow("a lookup in it, ms", await averageMs(200, (index) => lookUp(tile, 51.5 + index / 1000, 0))),
    tableRow("time zone of a point, ms", await averageMs(2000, (index) => timeZoneAt(...pointAt(index)))),
    tableRow(
      "offset in a zone, cached, ms",
      await averageMs(2000, (index) => offsetMinutesAt("Europe/Paris", index * 1e12)),
    ),
    tableRow(
      "offset in a zone, first use, ms",
      await averageMs(40, (index) => offsetMinutesAt(Intl.supportedValuesOf("timeZone")[index] ?? "", 1.7e15)),
    ),
  ];
  Object.assign(task.meta, { figures: { tables: [{ title: "Naming a place", lines }] } });
});
