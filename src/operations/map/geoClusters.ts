import { invalid } from "../../kernel/errors.ts";
import type { AssetFilter } from "../../records/assets/assetFilters.ts";
import {
  clustersQuery,
  MAX_MAP_ROWS,
  needsCellCount,
  readClusters,
  type Cluster,
} from "../../records/map/geoClusters.ts";
import type { Grid } from "../../records/map/mapGrid.ts";
import { readAssetQuery, type AssetQuery } from "../assets/assetQuery.ts";
import type { Principal } from "../accounts/authentication.ts";
import type { Context } from "../context.ts";

export const MAX_CLUSTERS = 1000;

/**
 * Counts the assets per grid cell for a map. Takes one round trip, or three when the grid has more cells than a response
 * may contain. Throws `validation_error` for more than `MAX_CLUSTERS` non-empty cells, and for more than `MAX_MAP_ROWS`
 * assets to read.
 */
export async function listGeoClusters(
  context: Context,
  principal: Principal,
  query: AssetQuery & { grid: Grid },
): Promise<Cluster[]> {
  const { grid } = query;
  const requestOf = (filter: AssetFilter) => ({ filter, grid, limit: MAX_CLUSTERS });
  const boxed = { ...query, filter: { ...query.filter, box: grid.box } };
  const read = await readAssetQuery(context, principal, boxed, (filter) =>
    needsCellCount(requestOf(filter)) ? null : clustersQuery(requestOf(filter)),
  );
  const clusters = read.result ?? (await readClusters(context.db, requestOf(read.filter)));
  if (clusters === "too_many_rows") {
    throw invalid(
      ["query", "bbox"],
      `album, people, rating, date and trash filters read up to ${MAX_MAP_ROWS} assets; use a smaller bbox or a shorter period`,
    );
  }
  if (clusters !== "too_many_cells") return clusters;
  throw invalid(
    ["query", "cell_size"],
    `would return more than ${MAX_CLUSTERS} clusters; use a larger cell_size or a smaller bbox`,
  );
}
