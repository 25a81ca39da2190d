/** Viewports of GET /api/assets/geo-clusters. */
import { AppError } from "../src/kernel/errors.ts";
import { parseDateTime } from "../src/kernel/time.ts";
import { listGeoClusters } from "../src/operations/map/geoClusters.ts";
import { everyAsset, type AssetFilter } from "../src/records/assets/assetFilters.ts";
import type { Seeded } from "../test/support/rows/seed.ts";
import { measureCost, tableHeader, tableRow, principal } from "./measureCost.ts";
import type { Viewport } from "./viewports.ts";

async function viewportRow(
  name: string,
  library: Seeded,
  viewport: Viewport,
  filter: Partial<AssetFilter> = {},
): Promise<string> {
  const { result, rowsRead, ms } = await measureCost(async (context) => {
    const query = {
      libraryId: library.libraryId,
      filter: { ...everyAsset, ...filter },
      grid: { box: viewport.box, cellDegrees: viewport.cellDegrees },
    };
    return await listGeoClusters(context, principal, query).catch((error: unknown) => {
      if (error instanceof AppError) return null;
      throw error;
    });
  });
  const cells = result === null ? "422" : result.length;
  const assets = result === null ? "" : result.reduce((sum, cluster) => sum + cluster.assets, 0);
  return tableRow(name, viewport.cellDegrees, cells, assets, rowsRead, ms);
}

const columns = ["cell_size", "cells returned", "assets in them", "rows read", "ms"];

export async function mapTable(library: Seeded, viewports: Viewport[]): Promise<string[]> {
  const lines = tableHeader(["viewport"], columns);
  for (const viewport of viewports) lines.push(await viewportRow(viewport.name, library, viewport));
  return lines;
}

/** Media types, which the pyramid has totals of; and filters that it does not cover, so that rows are read one by one. */
export async function filteredMapTable(library: Seeded, viewport: Viewport): Promise<string[]> {
  const filters: Record<string, Partial<AssetFilter>> = {
    "media_type=image": { mediaType: "image" },
    "media_type=video": { mediaType: "video" },
    "ratings=5": { ratings: [5] },
    "ratings=1,2,3,4,5": { ratings: [1, 2, 3, 4, 5] },
    "state=all": { state: "all" },
    "state=trashed": { state: "trashed" },
    album_id: { albumId: library.albumId },
    "six months": { after: parseDateTime("2014-03-01T00:00:00"), before: parseDateTime("2014-09-01T00:00:00") },
    "album_filter=in_album": { albumFilter: "in_album" },
  };
  const lines = tableHeader(["filter"], columns);
  for (const [name, filter] of Object.entries(filters)) {
    lines.push(await viewportRow(`${viewport.name}, ${name}`, library, viewport, filter));
  }
  return lines;
}
