import { createRoute, z } from "@hono/zod-openapi";
import { requireAction } from "../../middleware/authentication.ts";
import * as operations from "../../operations/libraries/libraries.ts";
import { idempotencyHeaders, readIdempotencyKey } from "../idempotencyKey.ts";
import { JSON_ARRAY_HEADERS, jsonArrayStream } from "../jsonArray.ts";
import { addStreamingRoute, newRouter, parse } from "../router.ts";
import { serializeLibrary } from "./serializer.ts";
import { updateLibrarySchema, libraryQuerySchema, librarySchema, createLibrarySchema } from "./schemas.ts";
import {
  acknowledgementSchema,
  errorResponses,
  idSchema,
  jsonBody,
  jsonResponse,
  credentialSecurity,
} from "../fieldSchemas.ts";

const params = z.object({ library_id: idSchema("library") });
const shared = { tags: ["Libraries"], security: credentialSecurity };

const create = createRoute({
  ...shared,
  method: "post",
  path: "/api/libraries",
  operationId: "libraries_create",
  summary: "Create a library",
  description:
    "Names are unique among a user's libraries, trashed ones included, without regard to case and outer space. If a live library has the name and the description that was sent, it is returned with 200; if its description differs, or it is in the trash, the response is 409. A user can have at most MAX_LIBRARIES_PER_USER libraries, trashed ones included; beyond that 409.",
  middleware: [requireAction("write")] as const,
  request: { headers: idempotencyHeaders, body: jsonBody(createLibrarySchema) },
  responses: {
    200: jsonResponse(librarySchema, "The library that has this name; it is unchanged"),
    201: jsonResponse(librarySchema, "The new library"),
    ...errorResponses(409, 413, 415),
  },
});

const list = createRoute({
  ...shared,
  method: "get",
  path: "/api/libraries",
  operationId: "libraries_list",
  summary: "List libraries",
  description:
    "Own and joined libraries; those in the trash are listed to their owner alone. Without `state`, live libraries. A restricted credential sees the libraries that it lists.",
  middleware: [requireAction("read")] as const,
  request: { query: libraryQuerySchema },
  responses: {
    200: jsonResponse(
      z.array(librarySchema),
      "All libraries as a stream, oldest first; most recently trashed first for state=trashed",
    ),
    ...errorResponses(),
  },
});

const get = createRoute({
  ...shared,
  method: "get",
  path: "/api/libraries/{library_id}",
  operationId: "libraries_retrieve",
  summary: "Get a library",
  description: "Counts and storage include trashed assets' files, not those of assets that were permanently deleted.",
  middleware: [requireAction("read")] as const,
  request: { params },
  responses: { 200: jsonResponse(librarySchema, "The library, live or trashed"), ...errorResponses(404) },
});

const update = createRoute({
  ...shared,
  method: "patch",
  path: "/api/libraries/{library_id}",
  operationId: "libraries_update",
  summary: "Rename or describe a library",
  description:
    "Fields that are left out or null stay as they are; an empty description clears it. A name that another library of the owner has, live or trashed, is 409.",
  middleware: [requireAction("write")] as const,
  request: { params, body: jsonBody(updateLibrarySchema) },
  responses: { 200: jsonResponse(librarySchema, "The updated library"), ...errorResponses(404, 409, 413, 415) },
});

const trash = createRoute({
  ...shared,
  method: "post",
  path: "/api/libraries/{library_id}/trash",
  operationId: "libraries_trash",
  summary: "Trash a library",
  description:
    "Its contents are hidden and permanently deleted after TRASH_RETENTION_DAYS. The owner's last live library cannot be trashed: 409.",
  middleware: [requireAction("delete")] as const,
  request: { params },
  responses: {
    200: jsonResponse(acknowledgementSchema, "The library is in the trash; repeating the call is harmless"),
    ...errorResponses(404, 409),
  },
});

const restore = createRoute({
  ...shared,
  method: "post",
  path: "/api/libraries/{library_id}/restore",
  operationId: "libraries_restore",
  summary: "Restore a library from the trash",
  description: "Contents that have not been permanently deleted yet are restored with it.",
  middleware: [requireAction("delete")] as const,
  request: { params },
  responses: { 200: jsonResponse(librarySchema, "The restored library"), ...errorResponses(404) },
});

const remove = createRoute({
  ...shared,
  method: "delete",
  path: "/api/libraries/{library_id}",
  operationId: "libraries_delete",
  summary: "Permanently delete a trashed library",
  description:
    "Deletion starts with the next scheduled run. Until it completes, restoring the library recovers the remaining contents.",
  middleware: [requireAction("delete_permanently")] as const,
  request: { params },
  responses: { 200: jsonResponse(acknowledgementSchema, "Deletion is scheduled"), ...errorResponses(404, 409) },
});

/** An empty description is stored as none. */
function toLibraryChange({ name, description }: z.output<typeof updateLibrarySchema>) {
  return {
    ...(typeof name === "string" ? { name } : {}),
    ...(typeof description === "string" ? { description: description === "" ? null : description } : {}),
  };
}

export const libraries = newRouter()
  .openapi(create, async (c) => {
    const body = c.req.valid("json");
    const { name, description } = body;
    const { context, principal } = c.var;
    const idempotent = await readIdempotencyKey(c, c.req.valid("header"), body);
    const fields = { name, description: description ?? null };
    const { library, isNew } = await operations.createLibrary(context, principal, fields, idempotent);
    return c.json(serializeLibrary(library), isNew ? 201 : 200);
  })
  .openapi(get, async (c) => {
    const { library_id: id } = c.req.valid("param");
    return c.json(serializeLibrary(await operations.getLibrary(c.var.context, c.var.principal, id)), 200);
  })
  .openapi(update, async (c) => {
    const { library_id: id } = c.req.valid("param");
    const change = toLibraryChange(c.req.valid("json"));
    const { context, principal } = c.var;
    return c.json(serializeLibrary(await operations.updateLibrary(context, principal, id, change)), 200);
  })
  .openapi(trash, async (c) => {
    const { context, principal } = c.var;
    const { library_id: id } = c.req.valid("param");
    await operations.trashLibrary(context, principal, id);
    return c.json({}, 200);
  })
  .openapi(restore, async (c) => {
    const { context, principal } = c.var;
    return c.json(
      serializeLibrary(await operations.restoreLibrary(context, principal, c.req.valid("param").library_id)),
      200,
    );
  })
  .openapi(remove, async (c) => {
    const { context, principal } = c.var;
    await operations.deleteLibrary(context, principal, c.req.valid("param").library_id);
    return c.json({}, 200);
  });

addStreamingRoute(libraries, list, async (c) => {
  const { state } = parse(libraryQuerySchema, c.req.query(), "query");
  const pages = await operations.streamLibraries(c.var.context, c.var.principal, state);
  return c.body(jsonArrayStream(pages, serializeLibrary), 200, JSON_ARRAY_HEADERS);
});
