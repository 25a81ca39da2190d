/** PATCH /api/assets/{asset_id} and POST /api/assets/bulk-update: what users set of the metadata. */
import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { AppEnv } from "../../middleware/context.ts";
import { allows } from "../../middleware/authentication.ts";
import * as operations from "../../operations/assets/metadataUpdates.ts";
import { linksOf } from "../delivery/routes.ts";
import { newRouter } from "../router.ts";
import { assetSchema } from "./schemas.ts";
import { ackSchema, failures, idSchema, jsonBody, ok, security } from "../fieldSchemas.ts";
import { assetChangeSchema, bulkUpdateSchema } from "./updateSchemas.ts";
import { assetShape, everyGroup } from "./serializer.ts";

const shared = { tags: ["Assets"], security };

const update = createRoute({
  ...shared,
  method: "patch",
  path: "/api/assets/{asset_id}",
  summary: "Set or take back an asset's caption, place or capture time",
  middleware: [allows("write")] as const,
  request: { params: z.object({ asset_id: idSchema("asset") }), body: jsonBody(assetChangeSchema) },
  responses: { 200: ok(assetSchema, "The asset as it is now, every group"), ...failures(404, 409, 413, 415) },
});

const updateMany = createRoute({
  ...shared,
  method: "post",
  path: "/api/assets/bulk-update",
  summary: "Change many assets at once, or none of them",
  middleware: [allows("write")] as const,
  request: { body: jsonBody(bulkUpdateSchema) },
  responses: { 200: ok(ackSchema, "All are changed"), ...failures(404, 409, 413, 415) },
});

/** Both coordinates are there or neither is: the schema has seen to it. */
function positionOf({ latitude, longitude }: z.output<typeof assetChangeSchema>): operations.AssetChange["position"] {
  if (latitude === undefined || longitude === undefined) return undefined;
  return latitude === null || longitude === null ? null : { latitude, longitude };
}

function changeOf(body: z.output<typeof assetChangeSchema>): operations.AssetChange {
  const position = positionOf(body);
  return {
    ...(body.description === undefined ? {} : { description: body.description }),
    ...(position === undefined ? {} : { position }),
    ...(body.original_datetime === undefined ? {} : { originalDatetime: body.original_datetime }),
  };
}

function depsOf(c: Context<AppEnv>): operations.EditDeps {
  return { db: c.var.db, queue: c.env.QUEUE, nowMs: c.var.nowMs };
}

export const edits = newRouter()
  .openapi(update, async (c) => {
    const change = changeOf(c.req.valid("json"));
    const asset = await operations.editAsset(depsOf(c), c.var.principal, c.req.valid("param").asset_id, change);
    return c.json(await assetShape(asset, everyGroup, await linksOf(c)), 200);
  })
  .openapi(updateMany, async (c) => {
    const updates = c.req.valid("json").updates.map(({ id, change }) => ({ id, change: changeOf(change) }));
    await operations.editAssets(depsOf(c), c.var.principal, updates);
    return c.json({}, 200);
  });
