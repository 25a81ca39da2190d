/** `npm run bench:rows`: D1 rows read by lists, counts, the map and the event feed in libraries of up to 1,000,000 assets. */
import { it } from "vitest";
import { MANY_RATINGS, scatteredPositions, seedLibrary } from "../test/support/rows/seed.ts";
import { changeTable } from "./changeRows.ts";
import { countTable } from "./countRows.ts";
import { feedTable, insertEvents } from "./feedRows.ts";
import { integrityTable } from "./integrityRows.ts";
import { listTable, ratingTable } from "./listRows.ts";
import { personTable } from "./personRows.ts";
import { filteredMapTable, mapTable } from "./mapRows.ts";
import { typicalLibrary } from "./typicalLibrary.ts";
import { principal } from "./measureCost.ts";
import { closeViewports, wideViewports } from "./viewports.ts";

const MILLION = 1_000_000;

it("counts rows read and written", { timeout: 3_600_000 }, async ({ task }) => {
  const tables: { title: string; lines: string[] }[] = [];
  const record = (title: string, lines: string[]): void => void tables.push({ title, lines });
  // First, because a report covers every library, and the seeded ones have no objects.
  record("Integrity report", await integrityTable(1000));
  const small = await seedLibrary(principal.userId, 100);
  const scattered = await seedLibrary(principal.userId, 100_000);
  const large = await seedLibrary(principal.userId, MILLION, typicalLibrary);
  await insertEvents(large, MILLION);
  record("Lists", await listTable([small, scattered, large]));
  record("Counts", await countTable([small, scattered, large]));
  record("People, 100,000 assets", await personTable(await seedLibrary(principal.userId, 100_000)));
  record("Map, typical library of 1,000,000", await mapTable(large, [...wideViewports, ...closeViewports]));
  for (const viewport of [wideViewports[0], closeViewports[2]]) {
    if (viewport !== undefined) record(`Map, filtered, ${viewport.name}`, await filteredMapTable(large, viewport));
  }
  const scatteredLarge = await seedLibrary(principal.userId, MILLION, scatteredPositions, MANY_RATINGS);
  record("Lists by rating, nearly all assets rated", await ratingTable([scatteredLarge]));
  record("Map, 1,000,000 scattered over the Earth", await mapTable(scatteredLarge, wideViewports));
  record("Feed", await feedTable(large, MILLION));
  record("Changes", await changeTable(large));
  Object.assign(task.meta, { figures: { tables } });
});
