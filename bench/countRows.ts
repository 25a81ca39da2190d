/** Pages of GET /api/assets/counts. */
import { AppError } from "../src/kernel/errors.ts";
import { parseDateTime } from "../src/kernel/time.ts";
import { countAssets } from "../src/operations/assets/assetCounts.ts";
import type { CountPage } from "../src/records/assets/counts/assetCounts.ts";
import { everyAsset, type AssetFilter } from "../src/records/assets/assetFilters.ts";
import type { Grouping } from "../src/records/assets/counts/periods.ts";
import type { Seeded } from "../test/support/rows/seed.ts";
import { measureCost, tableHeader, tableRow, principal } from "./measureCost.ts";
import { TOWN } from "./typicalLibrary.ts";

const LIMIT = 50;

interface CountCase extends Partial<AssetFilter> {
  groupBy?: Grouping;
}

const EARTH = { west: -180, south: -90, east: 180, north: 90 };

function cases(library: Seeded): Record<string, CountCase> {
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
    "media_type=video": { mediaType: "video" },
    "ratings=5": { ratings: [5] },
    "ratings=0, not in an album, state=all": { ratings: [0], albumFilter: "not_in_album", state: "all" },
    "by day": { groupBy: "day" },
    "by day, ratings=5": { groupBy: "day", ratings: [5] },
    "by day, to the middle of a day": { groupBy: "day", before: parseDateTime("2014-09-15T12:00:00") },
    "by week": { groupBy: "week" },
    "by week, media_type=video, ratings=1,2": { groupBy: "week", mediaType: "video", ratings: [1, 2] },
    "by year": { groupBy: "year" },
    "by year, to the middle of a day": { groupBy: "year", before: parseDateTime("2014-09-15T12:00:00") },
    "album_id, by day": { groupBy: "day", albumId: library.albumId },
    "album_id, ratings=5": { albumId: library.albumId, ratings: [5] },
    "a town": { box: TOWN },
    "a town, by day": { box: TOWN, groupBy: "day" },
    "the Earth, by day": { box: EARTH, groupBy: "day" },
    "the Earth, media_type=video, by year": { box: EARTH, mediaType: "video", groupBy: "year" },
    "the Earth, ratings=5": { box: EARTH, ratings: [5] },
    "a town, ratings=5": { box: TOWN, ratings: [5] },
    "a town, ratings=1,2,3,4": { box: TOWN, ratings: [1, 2, 3, 4] },
  };
}

export async function countTable(libraries: Seeded[]): Promise<string[]> {
  const lines = tableHeader(
    ["filter"],
    ["assets", "buckets returned", "assets in them", "rows read", "round trips", "ms"],
  );
  for (const library of libraries) {
    for (const [name, { groupBy = "month", ...filter }] of Object.entries(cases(library))) {
      const query = {
        libraryId: library.libraryId,
        filter: { ...everyAsset, ...filter },
        groupBy,
        startingAfterUs: null,
        limit: LIMIT,
      };
      const { result, rowsRead, roundTrips, ms } = await measureCost(
        async (context) =>
          await countAssets(context, principal, query).catch((error: unknown) => {
            if (error instanceof AppError) return null;
            throw error;
          }),
      );
      const buckets = result === null ? "422" : `${result.buckets.length}${isShort(result) ? ", ends early" : ""}`;
      const counted = result === null ? "" : result.buckets.reduce((sum, { assets }) => sum + assets, 0);
      lines.push(tableRow(name, library.count, buckets, counted, rowsRead, roundTrips, ms));
    }
  }
  return lines;
}

function isShort({ buckets, hasMore }: CountPage): boolean {
  return hasMore && buckets.length < LIMIT;
}
