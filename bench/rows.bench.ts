/** `npm run bench:rows`: D1 rows that lists, counts, the map and the change feed read, in libraries of up to 1,000,000 assets. */
import { it } from "vitest";
import { seedLibrary } from "../test/support/rows/seed.ts";
import { changeTable } from "./changeRows.ts";
import { countTable } from "./countRows.ts";
import { feedTable, writeFeed } from "./feedRows.ts";
import { listTable } from "./listRows.ts";
import { filteredMapTable, mapTable } from "./mapRows.ts";
import { aLife } from "./places.ts";
import { who } from "./reader.ts";
import { closeViews, wideViews } from "./views.ts";

const MILLION = 1_000_000;

function print(title: string, lines: string[]): void {
  console.log(`${title}\n${lines.join("\n")}`);
}

it("prints rows read and written", { timeout: 3_600_000 }, async () => {
  const start = Date.now();
  const small = await seedLibrary(who.userId, 100);
  const scattered = await seedLibrary(who.userId, 100_000);
  const large = await seedLibrary(who.userId, MILLION, aLife);
  await writeFeed(large, MILLION);
  console.log(`filled in ${Math.round((Date.now() - start) / 1000)} s`);
  print("Lists", await listTable([small, scattered, large]));
  print("Counts", await countTable([small, scattered, large]));
  print("Map, a life of 1,000,000", await mapTable(large, [...wideViews, ...closeViews]));
  for (const view of [wideViews[0], closeViews[2]]) {
    if (view !== undefined) print(`Map, filtered`, await filteredMapTable(large, view));
  }
  print("Map, 100,000 scattered over the Earth", await mapTable(scattered, wideViews));
  const spread = await seedLibrary(who.userId, MILLION);
  print("Map, 1,000,000 scattered over the Earth", await mapTable(spread, wideViews));
  print("Feed", await feedTable(large, MILLION));
  print("Changes", await changeTable(large));
});
