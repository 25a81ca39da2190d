import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { everyAsset } from "../../../src/records/assets/assetFilters.ts";
import { openDatabase } from "../../../src/records/database.ts";
import { readClusters } from "../../../src/records/map/geoClusters.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { sqlAll } from "../../support/clients/account.ts";
import { seedLibrary } from "../../support/rows/seed.ts";

const box = { west: -180, south: -90, east: 180, north: 90 };

it("a filtered map reads a limited number of rows, and counts exactly within the limit", async () => {
  const { libraryId, albumId } = await seedLibrary("intuser_seeded", 1000);
  const counted = countingD1(env.DB);
  const read = async (filter: object, maxRows: number) =>
    await readClusters(openDatabase(counted.binding, "nearest"), {
      filter: { ...everyAsset, libraryId, box, ...filter },
      grid: { box, cellDegrees: 90 },
      limit: 1000,
      maxRows,
    });
  const filters: [filter: object, where: string][] = [
    [{ albumFilter: "in_album" }, "trashed_at IS NULL AND album_count > 0"],
    [{ albumFilter: "not_in_album" }, "trashed_at IS NULL AND album_count = 0"],
    [{ albumId }, "trashed_at IS NULL AND album_count > 0"],
    [{ state: "trashed" }, "trashed_at IS NOT NULL"],
    [{ state: "all", albumFilter: "not_in_album" }, "album_count = 0"],
    [{ ratings: [0] }, "trashed_at IS NULL AND coalesce(rating, 0) = 0"],
    [{ ratings: [1, 2, 4] }, "trashed_at IS NULL AND rating IN (1, 2, 4)"],
    [{ ratings: [0, 4], state: "all" }, "coalesce(rating, 0) IN (0, 4)"],
  ];
  for (const [filter, where] of filters) {
    const name = JSON.stringify(filter);
    const [row] = await sqlAll(
      `SELECT count(*) AS assets FROM assets WHERE library_id = ? AND latitude IS NOT NULL AND ${where}`,
      libraryId,
    );
    const clusters = await read(filter, 1000);
    expect(Array.isArray(clusters), name).toBe(true);
    const total = Array.isArray(clusters) ? clusters.reduce((sum, cluster) => sum + cluster.assets, 0) : null;
    expect(total, name).toBe(row?.assets);
    counted.reset();
    expect(await read(filter, 10), name).toBe("too_many_rows");
    expect(counted.counts.rowsRead, name).toBeLessThan(50);
  }
});
