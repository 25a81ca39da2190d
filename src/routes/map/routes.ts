/** The assets of a map's viewport, by the cells of a grid. */
import { createRoute } from "@hono/zod-openapi";
import { allows } from "../../middleware/authentication.ts";
import { clusterByPlace } from "../../operations/map/geoClusters.ts";
import { newRouter } from "../router.ts";
import { personIdsOf, sharedFilterOf } from "../assets/filterSchemas.ts";
import { failures, ok, security } from "../fieldSchemas.ts";
import { geoClusterQuerySchema, geoClustersSchema } from "./schemas.ts";

const get = createRoute({
  tags: ["Assets"],
  security,
  method: "get",
  path: "/api/assets/geo-clusters",
  summary: "Cluster the assets of a map's viewport",
  description:
    "Where assets lie, in a grid of squares of `cell_size` degrees: of each that holds any, how many, their mean position and the newest. Filters are those of the list, and are ANDed. An answer of more than 1,000 cells is refused: ask with a larger `cell_size`, or for a smaller `bbox`.",
  middleware: [allows("read")] as const,
  request: { query: geoClusterQuerySchema },
  responses: { 200: ok(geoClustersSchema, "All cells that are not empty"), ...failures(404) },
});

export const geoClusters = newRouter().openapi(get, async (c) => {
  const query = c.req.valid("query");
  const clusters = await clusterByPlace(c.var.db, c.var.principal, {
    libraryId: query.library_id ?? null,
    filter: sharedFilterOf(query),
    personIds: personIdsOf(query),
    grid: { box: query.bbox, cellDegrees: query.cell_size },
  });
  const data = clusters.map(({ latitude, longitude, assets, newestAssetId }) => ({
    latitude,
    longitude,
    count: assets,
    representative_asset_id: newestAssetId,
  }));
  return c.json({ data }, 200);
});
