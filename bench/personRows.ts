/** Lists, counts and the map by people, in a library with the worst cases: `test/support/rows/seedPeople.ts`. */
import { countAssets } from "../src/operations/assets/assetCounts.ts";
import { everyColumnGroup, listAssets, type AssetFilter } from "../src/operations/assets/assets.ts";
import { listGeoClusters } from "../src/operations/map/geoClusters.ts";
import { everyAsset } from "../src/records/assets/assetFilters.ts";
import type { Seeded } from "../test/support/rows/seed.ts";
import { seedPeople, type SeededPerson } from "../test/support/rows/seedPeople.ts";
import { measureCost, principal, tableHeader, tableRow } from "./measureCost.ts";
import { TOWN } from "./typicalLibrary.ts";

const LIMIT = 50;
const EARTH = { west: -180, south: -90, east: 180, north: 90 };

const groups: Record<string, SeededPerson[]> = {
  "on 90,000": ["everywhere"],
  "on 10": ["rare"],
  "on 50,000 and 50,000, together on 3": ["even", "odd"],
  "on 90,000 and 50,000": ["everywhere", "even"],
  "on 10 and 90,000": ["rare", "everywhere"],
  "three, together on 2,500": ["parent", "child", "even"],
};

type Filter = Omit<AssetFilter, "libraryId">;

/** Results, then rows read, of a request by each group of people. */
export async function personTable(library: Seeded): Promise<string[]> {
  const people = await seedPeople(library);
  const lines = tableHeader(
    ["people"],
    ["list", "with faces", "next page", "trash", "by day", "by month", "by year", "map, the Earth", "map, a town"],
  );
  for (const [name, names] of Object.entries(groups)) {
    const filter: Filter = { ...everyAsset, personIds: names.map((each) => people[each]) };
    const list = async (changes: Partial<Filter>, startingAfterId: string | null, columns = new Set<never>()) =>
      await measureCost((context) =>
        listAssets(context, principal, {
          libraryId: library.libraryId,
          filter: { ...filter, ...changes },
          startingAfterId,
          limit: LIMIT,
          groups: columns,
        }),
      );
    const first = await list({}, null);
    const last = first.result.assets.at(-1);
    const later = last === undefined ? first : await list({}, last.id);
    const trashed = await list({ state: "trashed" }, null);
    const faced = await measureCost((context) =>
      listAssets(context, principal, {
        libraryId: library.libraryId,
        filter,
        startingAfterId: null,
        limit: LIMIT,
        groups: everyColumnGroup,
      }),
    );
    const counts = [];
    for (const groupBy of ["day", "month", "year"] as const) {
      counts.push(
        await measureCost((context) =>
          countAssets(context, principal, {
            libraryId: library.libraryId,
            filter,
            groupBy,
            startingAfterUs: null,
            limit: LIMIT,
          }),
        ),
      );
    }
    const maps = [];
    for (const [box, cellDegrees] of [
      [EARTH, 10],
      [TOWN, 0.01],
    ] as const) {
      maps.push(
        await measureCost((context) =>
          listGeoClusters(context, principal, { libraryId: library.libraryId, filter, grid: { box, cellDegrees } }),
        ),
      );
    }
    lines.push(
      tableRow(
        name,
        ...[first, faced, later, trashed].map(({ result, rowsRead }) => `${result.assets.length}: ${rowsRead}`),
        ...counts.map(({ result, rowsRead }) => `${result.buckets.length}: ${rowsRead}`),
        ...maps.map(({ result, rowsRead }) => `${result.length}: ${rowsRead}`),
      ),
    );
  }
  return lines;
}
