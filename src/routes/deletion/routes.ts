/** Assets on their way out: the trash, back from it, and deletion for good. */
import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { AppEnv } from "../../middleware/context.ts";
import { allows } from "../../middleware/authentication.ts";
import * as operations from "../../operations/deletion/trash.ts";
import { newRouter } from "../router.ts";
import { ackSchema, failures, idSchema, jsonBody, ok, security } from "../fieldSchemas.ts";
import { idsSchema, inLibrarySchema } from "./schemas.ts";

const shared = { tags: ["Assets"], security };
const named = { query: inLibrarySchema, body: jsonBody(idsSchema) };

const moveToTrash = createRoute({
  ...shared,
  method: "post",
  path: "/api/assets/trash",
  summary: "Move assets to the trash",
  middleware: [allows("delete")] as const,
  request: named,
  responses: {
    200: ok(ackSchema, "All of them, or those that were live; other ids are ignored"),
    ...failures(404, 413, 415),
  },
});

const restore = createRoute({
  ...shared,
  method: "post",
  path: "/api/assets/restore",
  summary: "Take assets out of the trash",
  middleware: [allows("delete")] as const,
  request: named,
  responses: {
    200: ok(ackSchema, "All of them, or those that were in it; other ids are ignored"),
    ...failures(404, 413, 415),
  },
});

const emptyTrash = createRoute({
  ...shared,
  method: "post",
  path: "/api/assets/empty-trash",
  summary: "Delete all that is in a library's trash for good",
  description: "Gone with the answer, however much it was; the storage of more than 1,000 follows within minutes.",
  middleware: [allows("delete_permanently")] as const,
  request: { query: inLibrarySchema },
  responses: { 200: ok(ackSchema, "The trash is empty"), ...failures(404) },
});

const removeOne = createRoute({
  ...shared,
  method: "delete",
  path: "/api/assets/{asset_id}",
  summary: "Delete an asset for good, live or trashed",
  middleware: [allows("delete_permanently")] as const,
  request: { params: z.object({ asset_id: idSchema("asset") }) },
  responses: { 200: ok(ackSchema, "Deleted: its row, its files, its links"), ...failures(404) },
});

const remove = createRoute({
  ...shared,
  method: "delete",
  path: "/api/assets",
  summary: "Delete assets for good, live or trashed",
  middleware: [allows("delete_permanently")] as const,
  request: named,
  responses: { 200: ok(ackSchema, "Deleted; ids that are not there are ignored"), ...failures(404, 413, 415) },
});

function depsOf(c: Context<AppEnv>) {
  return { db: c.var.db, bucket: c.env.BUCKET, queue: c.env.QUEUE, nowMs: c.var.nowMs };
}

function namedBy(query: z.output<typeof inLibrarySchema>, body: z.output<typeof idsSchema>): operations.Named {
  return { libraryId: query.library_id ?? null, ids: body.ids };
}

export const trash = newRouter()
  .openapi(moveToTrash, async (c) => {
    const { db, principal, nowMs } = c.var;
    await operations.trashAssets(db, principal, namedBy(c.req.valid("query"), c.req.valid("json")), nowMs);
    return c.json({}, 200);
  })
  .openapi(restore, async (c) => {
    const { db, principal, nowMs } = c.var;
    await operations.restoreAssets(db, principal, namedBy(c.req.valid("query"), c.req.valid("json")), nowMs);
    return c.json({}, 200);
  })
  .openapi(emptyTrash, async (c) => {
    await operations.emptyTrash(depsOf(c), c.var.principal, c.req.valid("query").library_id ?? null);
    return c.json({}, 200);
  })
  .openapi(remove, async (c) => {
    await operations.deleteAssets(depsOf(c), c.var.principal, namedBy(c.req.valid("query"), c.req.valid("json")));
    return c.json({}, 200);
  })
  .openapi(removeOne, async (c) => {
    await operations.deleteAsset(depsOf(c), c.var.principal, c.req.valid("param").asset_id);
    return c.json({}, 200);
  });
