/** Where a library's assets lie, as a map shows them: the cells of a grid, never asset by asset. */
import { invalid } from "../../kernel/errors.ts";
import type { Database } from "../../records/database.ts";
import { readClusters, type Cluster } from "../../records/map/geoClusters.ts";
import type { Grid } from "../../records/map/mapGrid.ts";
import { resolveQuestion, type AssetQuestion } from "../assets/assetQuery.ts";
import type { Principal } from "../accounts/authentication.ts";

export const MAX_CLUSTERS = 1000;

/** Two round trips; three when the grid has more cells than an answer may. */
export async function clusterByPlace(
  db: Database,
  who: Principal,
  question: AssetQuestion & { grid: Grid },
): Promise<Cluster[]> {
  const { grid } = question;
  const asked = await resolveQuestion(db, who, { ...question, filter: { ...question.filter, box: grid.box } });
  if (asked.none) return [];
  const clusters = await readClusters(db, { filter: asked.filter, grid, limit: MAX_CLUSTERS });
  if (clusters !== null) return clusters;
  throw invalid(
    ["query", "cell_size"],
    `more than ${MAX_CLUSTERS} cells of this size are not empty: use a larger cell_size, or a smaller bbox`,
  );
}
