/** `npm run bench:rows`: D1 rows read by a page of GET /api/assets, for each filter, in libraries of two sizes. */
import { env } from "cloudflare:workers";
import { it } from "vitest";
import { parseDateTime } from "../src/kernel/time.ts";
import { boxAround, listAssets, type AssetFilter } from "../src/operations/assets.ts";
import { everyAsset } from "../src/records/assetFilters.ts";
import { openDatabase } from "../src/records/database.ts";
import { countingD1 } from "../test/support/d1.ts";
import { seedLibrary, type Seeded } from "../test/support/seed.ts";

const who = { userId: "intuser_bench", libraryIds: null, actions: ["read"] as const, managesKeys: false };
const LIMIT = 50;
const after = parseDateTime("2014-03-01T00:00:00");
const before = parseDateTime("2014-09-01T00:00:00");

type Filter = Partial<Omit<AssetFilter, "libraryId">>;

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
    "album_id (links + assets)": { albumId: library.albumId },
    stack_id: { stackId: library.stackId },
    "naive dates": { after, before },
    "aware date": { before: parseDateTime("2014-09-01T00:00:00+02:00") },
    "album + dates": { albumId: library.albumId, after, before },
    "media type + dates": { mediaType: "video", after, before },
    "state=all + dates": { state: "all", after, before },
    "state=trashed + dates": { state: "trashed", after, before },
    "bbox, a country": { box: { west: 5, south: 45, east: 15, north: 55 } },
    "bbox, the Earth": { box: { west: -180, south: -90, east: 180, north: 90 } },
    "center + radius": { box: boxAround(paris.latitude, paris.longitude, paris.radiusM), circle: paris },
  };
}

async function page(library: Seeded, filter: Filter, startingAfterId: string | null) {
  const counted = countingD1(env.DB);
  const question = {
    libraryId: library.libraryId,
    filter: { ...everyAsset, ...filter },
    personIds: null,
    startingAfterId,
    limit: LIMIT,
  };
  const answer = await listAssets(openDatabase(counted.binding, "nearest"), who, question);
  return { answer, rowsRead: counted.counts.rowsRead, roundTrips: counted.counts.roundTrips };
}

it("prints rows read a page", { timeout: 600_000 }, async () => {
  const lines = [
    `| filter | assets | rows given | first page | a later page | round trips |`,
    "|---|--:|--:|--:|--:|--:|",
  ];
  for (const size of [100, 100_000]) {
    const library = await seedLibrary(who.userId, size);
    for (const [name, filter] of Object.entries(filters(library))) {
      const first = await page(library, filter, null);
      const last = first.answer.assets.at(-1);
      const later = last === undefined ? first : await page(library, filter, last.id);
      lines.push(
        `| ${name} | ${size} | ${first.answer.assets.length} | ${first.rowsRead} | ${later.rowsRead} | ${later.roundTrips} |`,
      );
    }
  }
  console.log(lines.join("\n"));
});
