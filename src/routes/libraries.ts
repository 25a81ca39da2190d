/** Libraries: create, list, get, rename. */
import { createRoute, z } from "@hono/zod-openapi";
import { formatInstant } from "../kernel/time.ts";
import { allows } from "../middleware/credentials.ts";
import * as operations from "../operations/libraries.ts";
import { newRouter } from "./router.ts";
import { libraryChangeSchema, libraryQuerySchema, librarySchema, newLibrarySchema } from "./schemas/account.ts";
import { failures, idSchema, jsonBody, ok, security } from "./schemas/common.ts";

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
    const { db, principal, nowMs } = c.var;
    return c.json(shape(await operations.createLibrary(db, principal, { name, description }, nowMs)), 201);
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
  });
