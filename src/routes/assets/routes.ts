/** Reading assets: one by id, or a page by any of the filters. */
import { createRoute, z } from "@hono/zod-openapi";
import { allows } from "../../middleware/authentication.ts";
import * as operations from "../../operations/assets/assets.ts";
import { linksOf } from "../delivery/routes.ts";
import { newRouter } from "../router.ts";
import { personIdsOf } from "./filterSchemas.ts";
import { assetQuerySchema, filterOf, includeSchema, pageSize } from "./querySchemas.ts";
import { assetPageSchema, assetSchema } from "./schemas.ts";
import { failures, idSchema, ok, security } from "../fieldSchemas.ts";
import { assetShape, everyGroup } from "./serializer.ts";

const shared = { tags: ["Assets"], security };

const get = createRoute({
  ...shared,
  method: "get",
  path: "/api/assets/{asset_id}",
  summary: "Get an asset, trashed or not",
  middleware: [allows("read")] as const,
  request: {
    params: z.object({ asset_id: idSchema("asset") }),
    query: z.object({ include: includeSchema.optional() }),
  },
  responses: { 200: ok(assetSchema, "The asset: core, and what `include` names"), ...failures(404) },
});

const list = createRoute({
  ...shared,
  method: "get",
  path: "/api/assets",
  summary: "List assets by capture time",
  description:
    "Filters are ANDed. Without `include` every group is in the answer, the legacy keys too, and a page has 100 (at most 1,000); with it, even empty, core plus what it names, 20 (at most 200).",
  middleware: [allows("read")] as const,
  request: { query: assetQuerySchema },
  responses: {
    200: ok(assetPageSchema, "A page; the next one starts after the id of its last element"),
    ...failures(404),
  },
});

export const assets = newRouter()
  .openapi(list, async (c) => {
    const query = c.req.valid("query");
    const page = await operations.listAssets(c.var.db, c.var.principal, {
      libraryId: query.library_id ?? null,
      filter: filterOf(query),
      personIds: personIdsOf(query),
      startingAfterId: query.starting_after_id ?? null,
      limit: pageSize(query),
    });
    const groups = query.include === undefined ? everyGroup : new Set(query.include);
    const links = await linksOf(c);
    const data = await Promise.all(page.assets.map((asset) => assetShape(asset, groups, links)));
    return c.json({ data, has_more: page.hasMore }, 200);
  })
  .openapi(get, async (c) => {
    const asset = await operations.getAsset(c.var.db, c.var.principal, c.req.valid("param").asset_id);
    const groups = new Set(c.req.valid("query").include);
    return c.json(await assetShape(asset, groups, await linksOf(c)), 200);
  });
