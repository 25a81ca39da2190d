import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { everyAsset, type AssetFilter } from "../../../src/records/assets/assetFilters.ts";
import { listAssets, sortKeyOf, type AssetPage, type ScanLimits } from "../../../src/records/assets/lists/assetList.ts";
import { everyColumnGroup } from "../../../src/records/assets/lists/listColumns.ts";
import { openDatabase } from "../../../src/records/database.ts";
import { sqlAll } from "../../support/clients/account.ts";
import { seedLibrary, type Seeded } from "../../support/rows/seed.ts";

let library: Seeded;
beforeAll(async () => {
  library = await seedLibrary("intuser_seeded", 400);
});

const LIMIT = 5;

async function readPage(
  filter: Partial<AssetFilter>,
  afterKey: string | null,
  scan: ScanLimits,
): Promise<AssetPage | null> {
  return await listAssets(openDatabase(env.DB, "nearest"), {
    filter: { ...everyAsset, libraryId: library.libraryId, ...filter },
    afterKey,
    trashSpan: null,
    limit: LIMIT,
    groups: everyColumnGroup,
    scan,
  });
}

const EARTH = { west: -180, south: -90, east: 180, north: 90 };
const scan = { rowsPerStatement: 7, rowsPerPage: 1000 };

const cases: { name: string; filter: () => Partial<AssetFilter>; where: string; order?: string }[] = [
  {
    name: "the Earth, video",
    filter: () => ({ box: EARTH, mediaType: "video" }),
    where: "trashed_at IS NULL AND latitude IS NOT NULL AND media_type = 'video'",
  },
  {
    name: "all, video, ascending",
    filter: () => ({ state: "all", mediaType: "video", order: "asc" }),
    where: "media_type = 'video'",
    order: "local_us, id",
  },
  {
    name: "box, image, not in an album",
    filter: () => ({
      box: { west: -180, south: -60, east: 180, north: 0 },
      mediaType: "image",
      albumFilter: "not_in_album",
    }),
    where: "trashed_at IS NULL AND latitude BETWEEN -60 AND 0 AND media_type = 'image' AND album_count = 0",
  },
  {
    name: "album, box",
    filter: () => ({ albumId: library.albumId, box: { west: -180, south: 0, east: 0, north: 90 } }),
    where: "trashed_at IS NULL AND album_count > 0 AND latitude >= 0 AND longitude <= 0",
  },
  {
    name: "trash, not in an album",
    filter: () => ({ state: "trashed", albumFilter: "not_in_album" }),
    where: "trashed_at IS NOT NULL AND album_count = 0",
    order: "trashed_at DESC, id DESC",
  },
  {
    name: "no match",
    filter: () => ({ box: EARTH, mediaType: "video", albumFilter: "in_album" }),
    where: "trashed_at IS NULL AND latitude IS NOT NULL AND media_type = 'video' AND album_count > 0",
  },
];

describe("pages by filters that no index serves, seven rows per statement", () => {
  it.each(cases)("contain every match once and in order: $name", async ({ filter, where, order }) => {
    const rows = await sqlAll(
      `SELECT id FROM assets WHERE library_id = ? AND ${where} ORDER BY ${order ?? "local_us DESC, id DESC"}`,
      library.libraryId,
    );
    const ids: string[] = [];
    let afterKey: string | null = null;
    let isShort = false;
    for (let pages = 0; pages < 200; pages++) {
      const page = await readPage(filter(), afterKey, scan);
      expect(page).not.toBeNull();
      ids.push(...(page?.assets ?? []).map(({ id }) => id));
      if (page?.hasMore !== true) break;
      // A client continues after the last element of a page, and stops at an empty one.
      expect(page.assets.length).toBeGreaterThan(0);
      isShort ||= page.assets.length < LIMIT;
      const last = page.assets.at(-1);
      afterKey = last === undefined ? null : sortKeyOf(last, filter().state ?? "live");
    }
    expect(ids).toEqual(rows.map(({ id }) => String(id)));
    if (order === undefined && ids.length > LIMIT) expect(isShort).toBe(true);
  });

  it("are refused when the rows of one page contain no match", async () => {
    const filter = { box: EARTH, mediaType: "video", albumFilter: "in_album" } as const;
    expect(await readPage(filter, null, { rowsPerStatement: 7, rowsPerPage: 70 })).toBeNull();
  });
});
