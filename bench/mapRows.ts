/** Viewports of GET /api/assets/geo-clusters. */
import { AppError } from "../src/kernel/errors.ts";
import { parseDateTime } from "../src/kernel/time.ts";
import { clusterByPlace } from "../src/operations/map/geoClusters.ts";
import { everyAsset, type AssetFilter } from "../src/records/assets/assetFilters.ts";
import type { Seeded } from "../test/support/rows/seed.ts";
import { costOf, heading, line, who } from "./reader.ts";
import type { View } from "./views.ts";

async function row(name: string, library: Seeded, view: View, filter: Partial<AssetFilter> = {}): Promise<string> {
  const { answer, rowsRead, ms } = await costOf(async (db) => {
    const question = {
      libraryId: library.libraryId,
      filter: { ...everyAsset, ...filter },
      personIds: null,
      grid: { box: view.box, cellDegrees: view.cellDegrees },
    };
    return await clusterByPlace(db, who, question).catch((error: unknown) => {
      if (error instanceof AppError) return null;
      throw error;
    });
  });
  const cells = answer === null ? "422" : answer.length;
  const assets = answer === null ? "" : answer.reduce((sum, cluster) => sum + cluster.assets, 0);
  return line(name, view.cellDegrees, cells, assets, rowsRead, ms);
}

const titles = ["cell_size", "cells given", "assets in them", "rows read", "ms"];

export async function mapTable(library: Seeded, views: View[]): Promise<string[]> {
  const lines = heading(["viewport"], titles);
  for (const view of views) lines.push(await row(view.name, library, view));
  return lines;
}

/** What the pyramid cannot know is read row by row. */
export async function filteredMapTable(library: Seeded, view: View): Promise<string[]> {
  const filters: Record<string, Partial<AssetFilter>> = {
    "state=all": { state: "all" },
    "state=trashed": { state: "trashed" },
    album_id: { albumId: library.albumId },
    "six months": { after: parseDateTime("2014-03-01T00:00:00"), before: parseDateTime("2014-09-01T00:00:00") },
    "album_filter=in_album": { albumFilter: "in_album" },
  };
  const lines = heading(["filter"], titles);
  for (const [name, filter] of Object.entries(filters)) {
    lines.push(await row(`${view.name}, ${name}`, library, view, filter));
  }
  return lines;
}
