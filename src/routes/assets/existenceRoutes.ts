/** POST /api/assets/exist: which files need no upload. Reads only. */
import { createRoute } from "@hono/zod-openapi";
import { allows } from "../../middleware/authentication.ts";
import * as operations from "../../operations/assets/existence.ts";
import { newRouter } from "../router.ts";
import { assetExistenceSchema, existQuerySchema, existSchema, namesOf } from "./existenceSchemas.ts";
import { failures, jsonBody, ok, security } from "../fieldSchemas.ts";

const exist = createRoute({
  tags: ["Assets"],
  security,
  method: "post",
  path: "/api/assets/exist",
  summary: "Which of these files are there already?",
  description:
    "By content, or by the names their device gave them, up to 5,000 at a time. What lies in the trash is there too. A name of a device may be that of several assets: all of them are in the answer.",
  middleware: [allows("read")] as const,
  request: { query: existQuerySchema, body: jsonBody(existSchema) },
  responses: { 200: ok(assetExistenceSchema, "Those that are there, in any order"), ...failures(404, 413, 415) },
});

function shape(asset: operations.KnownAsset) {
  return {
    id: asset.id,
    checksum: asset.checksum,
    checksum_sha1: asset.checksumSha1,
    device_asset_id: asset.deviceAssetId,
    device_id: asset.deviceId,
  };
}

export const assetExistence = newRouter().openapi(exist, async (c) => {
  const libraryId = c.req.valid("query").library_id ?? null;
  const names = namesOf(c.req.valid("json"));
  const found = await operations.listKnownAssets(c.var.db, c.var.principal, libraryId, names);
  return c.json({ assets: found.map(shape) }, 200);
});
