/** `npm run bench:places`: what naming a place costs in requests, bytes and CPU, over the places of the table test. */
import { env } from "cloudflare:workers";
import { it } from "vitest";
import { lookUp } from "../src/providers/places/offline/lookup.ts";
import { offlinePlaces } from "../src/providers/places/offline/offlinePlaces.ts";
import { tileSchema } from "../src/providers/places/offline/tile.ts";
import { keptTiles, tileReader } from "../src/providers/places/offline/tileCache.ts";
import { offsetMinutesAt, zoneAt } from "../src/providers/places/timeZones/timeZones.ts";
import { knownPlaces } from "../test/support/knownPlaces.ts";

interface Traffic {
  requests: number;
  bytes: number;
}

function counted(): { assets: Pick<Fetcher, "fetch">; traffic: Traffic } {
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

/** The clock of a Worker stands still between two requests of its own. */
async function nowMs(): Promise<number> {
  await env.ASSETS.fetch("https://assets.local/places/NOTICE.txt");
  return performance.now();
}

async function msEach(times: number, work: (index: number) => unknown): Promise<string> {
  const startMs = await nowMs();
  for (let index = 0; index < times; index += 1) work(index);
  return (((await nowMs()) - startMs) / times).toFixed(3);
}

it("prints what a place costs", { timeout: 120_000 }, async () => {
  const cold = counted();
  const sizes: number[] = [];
  for (const { latitude, longitude } of knownPlaces) {
    const before = cold.traffic.bytes;
    await offlinePlaces(tileReader(cold.assets, keptTiles())).find(latitude, longitude);
    sizes.push(cold.traffic.bytes - before);
  }
  const warm = counted();
  const reader = tileReader(warm.assets, keptTiles());
  for (const { latitude, longitude } of knownPlaces) await offlinePlaces(reader).find(latitude, longitude);
  sizes.sort((a, b) => a - b);
  const count = knownPlaces.length;
  const text = await (await env.ASSETS.fetch("https://assets.local/places/102203.json")).text();
  const tile = tileSchema.parse(JSON.parse(text));
  const point = (index: number): [number, number] => {
    const { latitude = 0, longitude = 0 } = knownPlaces[index % count] ?? {};
    return [latitude, longitude];
  };
  const lines = [
    `places: ${count}, from all over the world`,
    `requests a place, nothing kept: ${cold.traffic.requests / count}`,
    `bytes a place, nothing kept: median ${sizes[count >> 1]}, most ${sizes.at(-1)}`,
    `requests a place, one isolate, in the table's order: ${(warm.traffic.requests / count).toFixed(2)}`,
    `largest tile (${text.length} bytes): JSON.parse ${await msEach(50, () => JSON.parse(text))} ms, with its schema ${await msEach(50, () => tileSchema.parse(JSON.parse(text)))} ms`,
    `a lookup in it, all ${tile.names.length + tile.sections.length / 4} settlements: ${await msEach(200, (index) => lookUp(tile, 51.5 + index / 1000, 0))} ms`,
    `zoneAt: ${await msEach(2000, (index) => zoneAt(...point(index)))} ms`,
    `offsetMinutesAt, a formatter kept: ${await msEach(2000, (index) => offsetMinutesAt("Europe/Paris", index * 1e12))} ms`,
    `offsetMinutesAt, a new formatter: ${await msEach(40, (index) => offsetMinutesAt(Intl.supportedValuesOf("timeZone")[index] ?? "", 1.7e15))} ms`,
  ];
  console.log(lines.join("\n"));
});
