/** `npm run bench:rows`: D1 rows read by lists, counts, the map and the event feed in libraries of up to 1,000,000 assets. */
import { it } from "vitest";
import { seedLibrary } from "../test/support/rows/seed.ts";
import { changeTable } from "./changeRows.ts";
import { countTable } from "./countRows.ts";
import { feedTable, insertEvents } from "./feedRows.ts";
import { integrityTable } from "./integrityRows.ts";
import { listTable } from "./listRows.ts";
import { filteredMapTable, mapTable } from "./mapRows.ts";
import { typicalLibrary } from "./typicalLibrary.ts";
import { principal } from "./measureCost.ts";
import { closeViewports, wideViewports } from "./viewports.ts";

const MILLION = 1_000_000;

function print(title: string, lines: string[]): void {
  console.log(`${title}\n${lines.join("\n")}`);
}

it("prints rows read and written", { timeout: 3_600_000 }, async () => {
  // First, because a report covers every library, and the seeded ones have no objects.
  print("Integrity report", await integrityTable(1000));
  const startMs = Date.now();
  const small = await seedLibrary(principal.userId, 100);
  const scattered = await seedLibrary(principal.userId, 100_000);
  const large = await seedLibrary(principal.userId, MILLION, typicalLibrary);
  await insertEvents(large, MILLION);
  console.log(`seeded in ${Math.round((Date.now() - startMs) / 1000)} s`);
  print("Lists", await listTable([small, scattered, large]));
  print("Counts", await countTable([small, scattered, large]));
  print("Map, typical library of 1,000,000", await mapTable(large, [...wideViewports, ...closeViewports]));
  for (const viewport of [wideViewports[0], closeViewports[2]]) {
    if (viewport !== undefined) print("Map, filtered", await filteredMapTable(large, viewport));
  }
  print("Map, 100,000 scattered over the Earth", await mapTable(scattered, wideViewports));
  const scatteredLarge = await seedLibrary(principal.userId, MILLION);
  print("Map, 1,000,000 scattered over the Earth", await mapTable(scatteredLarge, wideViewports));
  print("Feed", await feedTable(large, MILLION));
  print("Changes", await changeTable(large));
});
