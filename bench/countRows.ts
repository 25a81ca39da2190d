/** Pages of GET /api/assets/counts. */
import { parseDateTime } from "../src/kernel/time.ts";
import { countAssets } from "../src/operations/assets/assetCounts.ts";
import { everyAsset, type AssetFilter } from "../src/records/assets/assetFilters.ts";
import type { Seeded } from "../test/support/rows/seed.ts";
import { measureCost, tableHeader, tableRow, principal } from "./measureCost.ts";

const LIMIT = 50;

function filters(library: Seeded): Record<string, Partial<AssetFilter>> {
  return {
    "no filter": {},
    "state=trashed": { state: "trashed" },
    "state=all": { state: "all" },
    "album_filter=in_album": { albumFilter: "in_album" },
    "album_filter=not_in_album": { albumFilter: "not_in_album" },
    album_id: { albumId: library.albumId },
    "the page before 2014-09-01": { before: parseDateTime("2014-09-01T00:00:00") },
    "to the middle of a month": { before: parseDateTime("2014-09-15T00:00:00") },
    "from one middle of a month to another": {
      after: parseDateTime("2013-03-15T12:00:00"),
      before: parseDateTime("2014-09-15T00:00:00"),
    },
    "to a month's first instant, with an offset": { before: parseDateTime("2014-09-01T00:00:00+02:00") },
  };
}

export async function countTable(libraries: Seeded[]): Promise<string[]> {
  const lines = tableHeader(
    ["filter"],
    ["assets", "months returned", "assets in them", "rows read", "round trips", "ms"],
  );
  for (const library of libraries) {
    for (const [name, filter] of Object.entries(filters(library))) {
      const query = {
        libraryId: library.libraryId,
        filter: { ...everyAsset, ...filter },
        personIds: null,
        groupBy: "month" as const,
        startingAfterUs: null,
        limit: LIMIT,
      };
      const { result, rowsRead, roundTrips, ms } = await measureCost((context) =>
        countAssets(context, principal, query),
      );
      const counted = result.buckets.reduce((sum, { assets }) => sum + assets, 0);
      lines.push(tableRow(name, library.count, result.buckets.length, counted, rowsRead, roundTrips, ms));
    }
  }
  return lines;
}
