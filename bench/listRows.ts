/** Pages of GET /api/assets, by each filter. */
import { parseDateTime } from "../src/kernel/time.ts";
import { boxAround, everyColumnGroup, listAssets, type AssetFilter } from "../src/operations/assets/assets.ts";
import { everyAsset } from "../src/records/assets/assetFilters.ts";
import type { Seeded } from "../test/support/rows/seed.ts";
import { insertMember } from "../test/support/clients/tenants.ts";
import { measureCost, tableHeader, tableRow, principal } from "./measureCost.ts";
import { TOWN } from "./typicalLibrary.ts";

const LIMIT = 50;
const after = parseDateTime("2014-03-01T00:00:00");
const before = parseDateTime("2014-09-01T00:00:00");

type Filter = Partial<Omit<AssetFilter, "libraryId">>;

const EARTH = { west: -180, south: -90, east: 180, north: 90 };

/** Ratings alone and with the filters of other indexes. */
const ratingFilters: Record<string, Filter> = {
  "ratings=5": { ratings: [5] },
  "ratings=0": { ratings: [0] },
  "ratings=4,5": { ratings: [4, 5] },
  "ratings=1,2,3,4,5": { ratings: [1, 2, 3, 4, 5] },
  "ratings=5 + dates": { ratings: [5], after, before },
  "ratings=0 + not_in_album": { ratings: [0], albumFilter: "not_in_album" },
  "ratings=4,5 + media type + dates": { ratings: [4, 5], mediaType: "video", after, before },
};

function filters(library: Seeded): Record<string, Filter> {
  const paris = { latitude: 48.85, longitude: 2.35, radiusM: 50_000 };
  return {
    "no filter": {},
    "order=asc": { order: "asc" },
    "state=all": { state: "all" },
    "state=trashed": { state: "trashed" },
    "media_type=video": { mediaType: "video" },
    "album_filter=in_album": { albumFilter: "in_album" },
    "album_filter=not_in_album": { albumFilter: "not_in_album" },
    album_id: { albumId: library.albumId },
    stack_id: { stackId: library.stackId },
    "naive dates": { after, before },
    "aware date": { before: parseDateTime("2014-09-01T00:00:00+02:00") },
    "album + dates": { albumId: library.albumId, after, before },
    "media type + dates": { mediaType: "video", after, before },
    "state=all + dates": { state: "all", after, before },
    "state=trashed + dates": { state: "trashed", after, before },
    "bbox, a country": { box: { west: 5, south: 45, east: 15, north: 55 } },
    "bbox, the Earth": { box: EARTH },
    "center + radius": { box: boxAround(paris.latitude, paris.longitude, paris.radiusM), circle: paris },
    ...ratingFilters,
    "ratings=5 + bbox, the Earth": { ratings: [5], box: EARTH },
    "ratings=5 + bbox, a town": { ratings: [5], box: TOWN },
  };
}

const viewer = { ...principal, userId: "intuser_viewer", action: "read" as const };

/** The same requests by a member who has joined the library. */
const viewerFilters: Record<string, Filter> = {
  "no filter, by a viewer": {},
  "ratings=5, by a viewer": { ratings: [5] },
  "naive dates, by a viewer": { after, before },
};

async function measurePage(library: Seeded, filter: Filter, startingAfterId: string | null, caller = principal) {
  return await measureCost((context) =>
    listAssets(context, caller, {
      libraryId: library.libraryId,
      filter: { ...everyAsset, ...filter },
      startingAfterId,
      limit: LIMIT,
      groups: everyColumnGroup,
    }),
  );
}

/** Assets returned, then rows read by the first page and by the second, for each library. */
export async function listTable(libraries: Seeded[], filtersOf = filters): Promise<string[]> {
  const lines = tableHeader(
    ["filter"],
    libraries.map(({ count }) => `of ${count}`),
  );
  const costs = await Promise.all(libraries.map(async (library) => await listCosts(library, filtersOf(library))));
  for (const name of costs[0]?.keys() ?? []) lines.push(tableRow(name, ...costs.map((cost) => cost.get(name) ?? "")));
  return lines;
}

/** The same for lists by rating only. */
export async function ratingTable(libraries: Seeded[]): Promise<string[]> {
  return await listTable(libraries, () => ratingFilters);
}

async function listCosts(library: Seeded, listed: Record<string, Filter>): Promise<Map<string, string>> {
  await insertMember(library.libraryId, viewer.userId);
  const costs = new Map<string, string>();
  for (const [caller, requested] of [
    [principal, listed],
    [viewer, viewerFilters],
  ] as const) {
    for (const [name, filter] of Object.entries(requested)) {
      const first = await measurePage(library, filter, null, caller);
      const last = first.result.assets.at(-1);
      const later = last === undefined ? first : await measurePage(library, filter, last.id, caller);
      costs.set(name, `${first.result.assets.length}: ${first.rowsRead}, ${later.rowsRead}`);
    }
  }
  return costs;
}
