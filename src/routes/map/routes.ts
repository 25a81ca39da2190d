/** GET /api/assets/geo-clusters: assets of a map viewport, grouped by grid cell. */
import { createRoute } from "@hono/zod-openapi";
import { requireAction } from "../../middleware/authentication.ts";
import { listGeoClusters } from "../../operations/map/geoClusters.ts";
import { newRouter } from "../router.ts";
import { toSharedFilter } from "../assets/filterSchemas.ts";
import { errorResponses, jsonResponse, credentialSecurity } from "../fieldSchemas.ts";
import { geoClustersQuerySchema, geoClustersSchema } from "./schemas.ts";

const get = createRoute({
  tags: ["Assets"],
  security: credentialSecurity,
  method: "get",
  path: "/api/assets/geo-clusters",
  operationId: "assets_cluster_by_geo",
  summary: "Cluster the assets in a map viewport",
  description:
    "Groups assets by the cells of a grid with `cell_size` degrees per side. Each non-empty cell has the number of assets, their mean position and the newest asset. Takes the filters of the asset list, combined with AND. A result of more than 1,000 cells is rejected with 422; use a larger `cell_size` or a smaller `bbox`.",
  middleware: [requireAction("read")] as const,
  request: { query: geoClustersQuerySchema },
  responses: { 200: jsonResponse(geoClustersSchema, "All non-empty cells"), ...errorResponses(404) },
});

export const geoClusters = newRouter().openapi(get, async (c) => {
  const query = c.req.valid("query");
  const clusters = await listGeoClusters(c.var.context, c.var.principal, {
    libraryId: query.library_id ?? null,
    filter: { ...toSharedFilter(query), mediaType: query.media_type ?? null },
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
