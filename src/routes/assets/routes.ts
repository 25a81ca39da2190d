import { createRoute, z } from "@hono/zod-openapi";
import { formatWallTime } from "../../kernel/time.ts";
import { requireAction } from "../../middleware/authentication.ts";
import * as operations from "../../operations/assets/assets.ts";
import { countAssets } from "../../operations/assets/assetCounts.ts";
import { findExistingAssets, type ExistingAsset } from "../../operations/assets/existence.ts";
import { updateAsset, updateAssets, type MetadataPatch } from "../../operations/assets/metadataUpdates.ts";
import { mediaUrlBuilder } from "../delivery/mediaUrls.ts";
import {
  acknowledgementSchema,
  credentialSecurity,
  errorResponses,
  idSchema,
  jsonBody,
  jsonResponse,
} from "../fieldSchemas.ts";
import { newRouter } from "../router.ts";
import { assetCountSchema, countQuerySchema, toCountFilter } from "./countSchemas.ts";
import {
  assetExistenceSchema,
  existenceQuerySchema,
  existenceRequestSchema,
  toFileIdentifiers,
} from "./existenceSchemas.ts";
import { assetListQuerySchema, includeSchema, pageSize, toListFilter } from "./querySchemas.ts";
import { assetPageSchema, assetSchema } from "./schemas.ts";
import { allGroups, columnGroupsOf, serializeAsset } from "./serializer.ts";
import { bulkUpdateSchema, updateAssetSchema } from "./updateSchemas.ts";

const shared = { tags: ["Assets"], security: credentialSecurity };

const get = createRoute({
  ...shared,
  method: "get",
  path: "/api/assets/{asset_id}",
  operationId: "assets_retrieve",
  summary: "Get an asset, live or trashed",
  description: "Without `include`, the response contains the core fields and the URL of the thumbnail.",
  middleware: [requireAction("read")] as const,
  request: {
    params: z.object({ asset_id: idSchema("asset") }),
    query: z.object({ include: includeSchema.optional() }),
  },
  responses: {
    200: jsonResponse(assetSchema, "The asset with the groups requested by `include`"),
    ...errorResponses(404),
  },
});

const list = createRoute({
  ...shared,
  method: "get",
  path: "/api/assets",
  operationId: "assets_list",
  summary: "List assets by capture time",
  description:
    "Filters are combined with AND. Without `include`, the response contains every group and the legacy keys, and `limit` defaults to 100 (maximum 1,000). With `include`, even empty, it contains the core fields and the requested groups, and `limit` defaults to 20 (maximum 200). A page with very long texts is shorter than `limit`, with `has_more`; a list of `ids` is complete.",
  middleware: [requireAction("read")] as const,
  request: { query: assetListQuerySchema },
  responses: {
    200: jsonResponse(
      assetPageSchema,
      "A page of assets; pass the id of the last one as `starting_after_id` for the next page",
    ),
    ...errorResponses(404),
  },
});

const count = createRoute({
  ...shared,
  method: "get",
  path: "/api/assets/counts",
  operationId: "assets_counts",
  summary: "Count assets by day, week, month or year of capture",
  description:
    "Takes the filters of the asset list, combined with AND. Assets are counted by their wall-clock capture time; buckets without a match are omitted. For the next page, repeat the request with `starting_after_bucket` set to the last `time_bucket`. With a place, or with an album and a media type, a rating, days or weeks, a page may end early with `has_more`.",
  middleware: [requireAction("read")] as const,
  request: { query: countQuerySchema },
  responses: {
    200: jsonResponse(assetCountSchema, "A page of buckets with at least one matching asset"),
    ...errorResponses(404),
  },
});

const exist = createRoute({
  ...shared,
  method: "post",
  path: "/api/assets/exist",
  operationId: "assets_check_existence",
  summary: "Check which files are already uploaded",
  description:
    "Looks up at most 5,000 files by checksum or by device asset id. Trashed assets are included. Several assets can share a device asset id; all of them are returned.",
  middleware: [requireAction("read")] as const,
  request: { query: existenceQuerySchema, body: jsonBody(existenceRequestSchema) },
  responses: {
    200: jsonResponse(assetExistenceSchema, "The existing assets, in no particular order"),
    ...errorResponses(404, 413, 415),
  },
});

function serializeExistingAsset(asset: ExistingAsset) {
  return {
    id: asset.id,
    checksum: asset.checksum,
    checksum_sha1: asset.checksumSha1,
    device_asset_id: asset.deviceAssetId,
    device_id: asset.deviceId,
  };
}

const update = createRoute({
  ...shared,
  method: "patch",
  path: "/api/assets/{asset_id}",
  operationId: "assets_update",
  summary: "Update an asset's rating, caption, location or capture time",
  description: "User values are stored apart from the file's: `null` returns to the file's value.",
  middleware: [requireAction("write")] as const,
  request: { params: z.object({ asset_id: idSchema("asset") }), body: jsonBody(updateAssetSchema) },
  responses: {
    200: jsonResponse(assetSchema, "The updated asset with every group"),
    ...errorResponses(404, 409, 413, 415),
  },
});

const updateMany = createRoute({
  ...shared,
  method: "post",
  path: "/api/assets/bulk-update",
  operationId: "assets_bulk_update",
  summary: "Update many assets atomically",
  description: "Up to 200 assets in one transaction: if one is unknown, none changes.",
  middleware: [requireAction("write")] as const,
  request: { body: jsonBody(bulkUpdateSchema) },
  responses: {
    200: jsonResponse(acknowledgementSchema, "All assets are updated"),
    ...errorResponses(404, 409, 413, 415),
  },
});

/** The schema guarantees that both coordinates are present or both absent. */
function positionOf({ latitude, longitude }: z.output<typeof updateAssetSchema>): MetadataPatch["position"] {
  if (latitude === undefined || longitude === undefined) return undefined;
  return latitude === null || longitude === null ? null : { latitude, longitude };
}

function toMetadataPatch(body: z.output<typeof updateAssetSchema>): MetadataPatch {
  const position = positionOf(body);
  return {
    ...(body.description === undefined ? {} : { description: body.description }),
    ...(position === undefined ? {} : { position }),
    ...(body.original_datetime === undefined ? {} : { originalDatetime: body.original_datetime }),
    ...(body.rating === undefined ? {} : { rating: body.rating }),
  };
}

/** `count` precedes `get`, whose path matches `/api/assets/counts` too. */
export const assets = newRouter()
  .openapi(list, async (c) => {
    const query = c.req.valid("query");
    const groups = query.include === undefined ? allGroups : new Set(query.include);
    const page = await operations.listAssets(c.var.context, c.var.principal, {
      libraryId: query.library_id ?? null,
      filter: toListFilter(query),
      startingAfterId: query.starting_after_id ?? null,
      limit: pageSize(query),
      groups: columnGroupsOf(groups),
    });
    const urls = await mediaUrlBuilder(c);
    const data = await Promise.all(page.assets.map((asset) => serializeAsset(asset, groups, urls)));
    return c.json({ data, has_more: page.hasMore }, 200);
  })
  .openapi(count, async (c) => {
    const query = c.req.valid("query");
    const page = await countAssets(c.var.context, c.var.principal, {
      libraryId: query.library_id ?? null,
      filter: toCountFilter(query),
      groupBy: query.group_by,
      startingAfterUs: query.starting_after_bucket?.wallUs ?? null,
      limit: query.limit,
    });
    const data = page.buckets.map((bucket) => ({
      time_bucket: formatWallTime({ wallUs: bucket.startUs, offsetMinutes: null }),
      count: bucket.assets,
    }));
    return c.json({ data, has_more: page.hasMore }, 200);
  })
  .openapi(get, async (c) => {
    const groups = new Set(c.req.valid("query").include);
    const id = c.req.valid("param").asset_id;
    const asset = await operations.getListedAsset(c.var.context, c.var.principal, id, columnGroupsOf(groups));
    return c.json(await serializeAsset(asset, groups, await mediaUrlBuilder(c)), 200);
  })
  .openapi(exist, async (c) => {
    const libraryId = c.req.valid("query").library_id ?? null;
    const identifiers = toFileIdentifiers(c.req.valid("json"));
    const existing = await findExistingAssets(c.var.context, c.var.principal, libraryId, identifiers);
    return c.json({ assets: existing.map(serializeExistingAsset) }, 200);
  })
  .openapi(update, async (c) => {
    const change = toMetadataPatch(c.req.valid("json"));
    const asset = await updateAsset(c.var.context, c.var.principal, c.req.valid("param").asset_id, change);
    return c.json(await serializeAsset(asset, allGroups, await mediaUrlBuilder(c)), 200);
  })
  .openapi(updateMany, async (c) => {
    const updates = c.req.valid("json").updates.map(({ id, change }) => ({ id, change: toMetadataPatch(change) }));
    await updateAssets(c.var.context, c.var.principal, updates);
    return c.json({}, 200);
  });
