/** Libraries: create, list, get, rename, trash, restore, delete. */
import { createRoute, z } from "@hono/zod-openapi";
import { formatInstant } from "../../kernel/time.ts";
import { allows } from "../../middleware/authentication.ts";
import * as operations from "../../operations/libraries/libraries.ts";
import { newRouter } from "../router.ts";
import { libraryChangeSchema, libraryQuerySchema, librarySchema, newLibrarySchema } from "../accounts/schemas.ts";
import { ackSchema, failures, idSchema, jsonBody, ok, security } from "../fieldSchemas.ts";

const params = z.object({ library_id: idSchema("library") });
const shared = { tags: ["Libraries"], security };

const create = createRoute({
  ...shared,
  method: "post",
  path: "/api/libraries",
  summary: "Create a library",
  middleware: [allows("write")] as const,
  request: { body: jsonBody(newLibrarySchema) },
  responses: { 201: ok(librarySchema, "The new library"), ...failures(413, 415) },
});

const list = createRoute({
  ...shared,
  method: "get",
  path: "/api/libraries",
  summary: "List libraries",
  middleware: [allows("read")] as const,
  request: { query: libraryQuerySchema },
  responses: { 200: ok(z.array(librarySchema), "Oldest first; newest trash first for state=trashed"), ...failures() },
});

const get = createRoute({
  ...shared,
  method: "get",
  path: "/api/libraries/{library_id}",
  summary: "Get a library",
  middleware: [allows("read")] as const,
  request: { params },
  responses: { 200: ok(librarySchema, "The library, trashed or not"), ...failures(404) },
});

const update = createRoute({
  ...shared,
  method: "patch",
  path: "/api/libraries/{library_id}",
  summary: "Rename or describe a library",
  middleware: [allows("write")] as const,
  request: { params, body: jsonBody(libraryChangeSchema) },
  responses: { 200: ok(librarySchema, "The changed library"), ...failures(404, 413, 415) },
});

const trash = createRoute({
  ...shared,
  method: "post",
  path: "/api/libraries/{library_id}/trash",
  summary: "Trash a library",
  description: "What is in it is hidden, and deleted for good after TRASH_RETENTION_DAYS.",
  middleware: [allows("delete")] as const,
  request: { params },
  responses: { 200: ok(ackSchema, "It is in the trash, and may have been before"), ...failures(404) },
});

const restore = createRoute({
  ...shared,
  method: "post",
  path: "/api/libraries/{library_id}/restore",
  summary: "Take a library out of the trash",
  description: "It comes back with all that was not deleted yet.",
  middleware: [allows("delete")] as const,
  request: { params },
  responses: { 200: ok(librarySchema, "The library, live"), ...failures(404) },
});

const remove = createRoute({
  ...shared,
  method: "delete",
  path: "/api/libraries/{library_id}",
  summary: "Delete a trashed library without waiting any longer",
  description: "The schedule begins with it at its next run; until its row is gone, a restore saves what is left.",
  middleware: [allows("delete_permanently")] as const,
  request: { params },
  responses: { 200: ok(ackSchema, "It will be deleted"), ...failures(404, 409) },
});

function shape(library: operations.Library) {
  return {
    id: library.id,
    name: library.name,
    description: library.description,
    user_id: library.userId,
    asset_count: library.assetCount,
    storage_used_bytes: library.storageUsedBytes,
    storage_limit_bytes: library.storageLimitBytes,
    created_at: formatInstant(library.createdAt),
    updated_at: formatInstant(library.updatedAt),
  };
}

export const libraries = newRouter()
  .openapi(create, async (c) => {
    const { name, description = null } = c.req.valid("json");
    const { db, principal, nowMs, config } = c.var;
    const fields = { name, description, storageLimitBytes: config.defaultLibraryStorageLimitBytes };
    return c.json(shape(await operations.createLibrary(db, principal, fields, nowMs)), 201);
  })
  .openapi(list, async (c) => {
    const found = await operations.listLibraries(c.var.db, c.var.principal, c.req.valid("query").state);
    return c.json(found.map(shape), 200);
  })
  .openapi(get, async (c) => {
    const { library_id: id } = c.req.valid("param");
    return c.json(shape(await operations.getLibrary(c.var.db, c.var.principal, id)), 200);
  })
  .openapi(update, async (c) => {
    const { library_id: id } = c.req.valid("param");
    const { name, description } = c.req.valid("json");
    const change = { ...(name === undefined ? {} : { name }), ...(description === undefined ? {} : { description }) };
    const { db, principal, nowMs } = c.var;
    return c.json(shape(await operations.updateLibrary(db, principal, id, change, nowMs)), 200);
  })
  .openapi(trash, async (c) => {
    const { db, principal, nowMs, config } = c.var;
    const { library_id: id } = c.req.valid("param");
    await operations.trashLibrary(db, principal, id, config.trashRetentionDays, nowMs);
    return c.json({}, 200);
  })
  .openapi(restore, async (c) => {
    const { db, principal, nowMs } = c.var;
    return c.json(shape(await operations.restoreLibrary(db, principal, c.req.valid("param").library_id, nowMs)), 200);
  })
  .openapi(remove, async (c) => {
    const { db, principal, nowMs } = c.var;
    await operations.deleteLibrary(db, principal, c.req.valid("param").library_id, nowMs);
    return c.json({}, 200);
  });
