/** Trash, restore and permanent deletion of assets. */
import { createRoute, z } from "@hono/zod-openapi";
import { requireAction } from "../../middleware/authentication.ts";
import * as operations from "../../operations/deletion/trash.ts";
import { newRouter } from "../router.ts";
import {
  acknowledgementSchema,
  arraySchema,
  errorResponses,
  idSchema,
  libraryParameter,
  jsonBody,
  jsonResponse,
  credentialSecurity,
} from "../fieldSchemas.ts";

/** Assets that one request trashes, restores or deletes. */
export const MAX_SELECTED_ASSETS = 200;

const assetSelectionSchema = z
  .object({ ids: arraySchema(idSchema("asset"), 1, MAX_SELECTED_ASSETS) })
  .openapi("AssetSelection");

const libraryQuerySchema = z.object({ library_id: libraryParameter });

const shared = { tags: ["Assets"], security: credentialSecurity };
const selectionRequest = { query: libraryQuerySchema, body: jsonBody(assetSelectionSchema) };

const moveToTrash = createRoute({
  ...shared,
  method: "post",
  path: "/api/assets/trash",
  operationId: "assets_trash",
  summary: "Move assets to the trash",
  description: "They are hidden and permanently deleted after TRASH_RETENTION_DAYS. Unknown ids are ignored.",
  middleware: [requireAction("delete")] as const,
  request: selectionRequest,
  responses: {
    200: jsonResponse(acknowledgementSchema, "All live assets of the list are in the trash; other ids are ignored"),
    ...errorResponses(404, 413, 415),
  },
});

const restore = createRoute({
  ...shared,
  method: "post",
  path: "/api/assets/restore",
  operationId: "assets_restore",
  summary: "Restore assets from the trash",
  description:
    "Assets that have not been permanently deleted return with their albums and stacks. Unknown ids are ignored.",
  middleware: [requireAction("delete")] as const,
  request: selectionRequest,
  responses: {
    200: jsonResponse(acknowledgementSchema, "All trashed assets of the list are restored; other ids are ignored"),
    ...errorResponses(404, 413, 415),
  },
});

const emptyTrash = createRoute({
  ...shared,
  method: "post",
  path: "/api/assets/empty-trash",
  operationId: "assets_empty_trash",
  summary: "Permanently delete all assets in a library's trash",
  description: "Assets disappear immediately; storage of more than 1,000 is freed within minutes.",
  middleware: [requireAction("delete_permanently")] as const,
  request: { query: libraryQuerySchema },
  responses: { 200: jsonResponse(acknowledgementSchema, "The trash is empty"), ...errorResponses(404) },
});

const removeOne = createRoute({
  ...shared,
  method: "delete",
  path: "/api/assets/{asset_id}",
  operationId: "assets_delete",
  summary: "Permanently delete an asset, live or trashed",
  description: "Its files, album memberships and versions are deleted too.",
  middleware: [requireAction("delete_permanently")] as const,
  request: { params: z.object({ asset_id: idSchema("asset") }) },
  responses: {
    200: jsonResponse(acknowledgementSchema, "The asset, its files and its album memberships are deleted"),
    ...errorResponses(404),
  },
});

const remove = createRoute({
  ...shared,
  method: "delete",
  path: "/api/assets",
  operationId: "assets_delete_list",
  summary: "Permanently delete assets, live or trashed",
  description: "Their files, album memberships and versions are deleted too. Unknown ids are ignored.",
  middleware: [requireAction("delete_permanently")] as const,
  request: selectionRequest,
  responses: {
    200: jsonResponse(acknowledgementSchema, "Deleted; unknown ids are ignored"),
    ...errorResponses(404, 413, 415),
  },
});

function toSelection(
  query: z.output<typeof libraryQuerySchema>,
  body: z.output<typeof assetSelectionSchema>,
): operations.AssetSelection {
  return { libraryId: query.library_id ?? null, ids: body.ids };
}

export const trash = newRouter()
  .openapi(moveToTrash, async (c) => {
    const { context, principal } = c.var;
    await operations.trashAssets(context, principal, toSelection(c.req.valid("query"), c.req.valid("json")));
    return c.json({}, 200);
  })
  .openapi(restore, async (c) => {
    const { context, principal } = c.var;
    await operations.restoreAssets(context, principal, toSelection(c.req.valid("query"), c.req.valid("json")));
    return c.json({}, 200);
  })
  .openapi(emptyTrash, async (c) => {
    await operations.emptyTrash(c.var.context, c.var.principal, c.req.valid("query").library_id ?? null);
    return c.json({}, 200);
  })
  .openapi(remove, async (c) => {
    await operations.deleteAssets(
      c.var.context,
      c.var.principal,
      toSelection(c.req.valid("query"), c.req.valid("json")),
    );
    return c.json({}, 200);
  })
  .openapi(removeOne, async (c) => {
    await operations.deleteAsset(c.var.context, c.var.principal, c.req.valid("param").asset_id);
    return c.json({}, 200);
  });
