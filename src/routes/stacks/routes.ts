/** Stacks: create, list, get, cover, ungroup, and who belongs to them. Members are listed by GET /api/assets. */
import { createRoute, z } from "@hono/zod-openapi";
import { allows } from "../../middleware/authentication.ts";
import * as operations from "../../operations/stacks/stacks.ts";
import { newRouter } from "../router.ts";
import { assetIdsSchema } from "../albums/schemas.ts";
import { ackSchema, failures, idSchema, jsonBody, ok, security } from "../fieldSchemas.ts";
import { newStackSchema, stackChangeSchema, stackPageSchema, stackQuerySchema, stackSchema } from "./schemas.ts";
import { stackShape } from "./serializer.ts";

const params = z.object({ stack_id: idSchema("stack") });
const shared = { tags: ["Stacks"], security };

const create = createRoute({
  ...shared,
  method: "post",
  path: "/api/stacks",
  summary: "Group assets, out of other stacks where they are in one",
  middleware: [allows("write")] as const,
  request: { body: jsonBody(newStackSchema) },
  responses: { 201: ok(stackSchema, "The new stack"), ...failures(404, 409, 413, 415) },
});

const list = createRoute({
  ...shared,
  method: "get",
  path: "/api/stacks",
  summary: "List stacks, in order of their ids",
  middleware: [allows("read")] as const,
  request: { query: stackQuerySchema },
  responses: { 200: ok(stackPageSchema, "A page of stacks"), ...failures(404) },
});

const get = createRoute({
  ...shared,
  method: "get",
  path: "/api/stacks/{stack_id}",
  summary: "Get a stack; its members are GET /api/assets?stack_id=",
  middleware: [allows("read")] as const,
  request: { params },
  responses: { 200: ok(stackSchema, "The stack"), ...failures(404) },
});

const setCover = createRoute({
  ...shared,
  method: "patch",
  path: "/api/stacks/{stack_id}",
  summary: "Choose a stack's cover",
  middleware: [allows("write")] as const,
  request: { params, body: jsonBody(stackChangeSchema) },
  responses: { 200: ok(stackSchema, "The changed stack"), ...failures(404, 413, 415) },
});

const ungroup = createRoute({
  ...shared,
  method: "delete",
  path: "/api/stacks/{stack_id}",
  summary: "Ungroup a stack; its assets stay",
  middleware: [allows("delete")] as const,
  request: { params },
  responses: { 200: ok(ackSchema, "Ungrouped"), ...failures(404, 409) },
});

const add = createRoute({
  ...shared,
  method: "post",
  path: "/api/stacks/{stack_id}/assets",
  summary: "Add assets to a stack, out of other stacks where they are in one",
  middleware: [allows("write")] as const,
  request: { params, body: jsonBody(assetIdsSchema) },
  responses: { 200: ok(stackSchema, "The stack; members were skipped"), ...failures(404, 409, 413, 415) },
});

const remove = createRoute({
  ...shared,
  method: "delete",
  path: "/api/stacks/{stack_id}/assets",
  summary: "Take assets out of a stack",
  middleware: [allows("delete")] as const,
  request: { params, body: jsonBody(assetIdsSchema) },
  responses: { 200: ok(ackSchema, "Taken out; what was no member is ignored"), ...failures(404, 409, 413, 415) },
});

export const stacks = newRouter()
  .openapi(create, async (c) => {
    const body = c.req.valid("json");
    const request = {
      assetIds: body.asset_ids,
      primaryAssetId: body.primary_asset_id ?? null,
      libraryId: body.library_id ?? null,
    };
    return c.json(stackShape(await operations.createStack(c.var.db, c.var.principal, request, c.var.nowMs)), 201);
  })
  .openapi(list, async (c) => {
    const query = c.req.valid("query");
    const page = await operations.listStacks(c.var.db, c.var.principal, {
      libraryId: query.library_id ?? null,
      ids: query.ids ?? null,
      origin: query.origin ?? null,
      primaryAssetId: query.primary_asset_id ?? null,
      startingAfterId: query.starting_after_id ?? null,
      limit: query.limit,
    });
    return c.json({ data: page.stacks.map(stackShape), has_more: page.hasMore }, 200);
  })
  .openapi(get, async (c) => {
    return c.json(stackShape(await operations.getStack(c.var.db, c.var.principal, c.req.valid("param").stack_id)), 200);
  })
  .openapi(setCover, async (c) => {
    const { db, principal, nowMs } = c.var;
    const coverId = c.req.valid("json").primary_asset_id;
    const stack = await operations.setStackCover(db, principal, c.req.valid("param").stack_id, coverId, nowMs);
    return c.json(stackShape(stack), 200);
  })
  .openapi(ungroup, async (c) => {
    await operations.deleteStack(c.var.db, c.var.principal, c.req.valid("param").stack_id, c.var.nowMs);
    return c.json({}, 200);
  })
  .openapi(add, async (c) => {
    const { db, principal, nowMs } = c.var;
    const ids = c.req.valid("json").asset_ids;
    const stack = await operations.addToStack(db, principal, c.req.valid("param").stack_id, ids, nowMs);
    return c.json(stackShape(stack), 200);
  })
  .openapi(remove, async (c) => {
    const { db, principal, nowMs } = c.var;
    const ids = c.req.valid("json").asset_ids;
    await operations.removeFromStack(db, principal, c.req.valid("param").stack_id, ids, nowMs);
    return c.json({}, 200);
  });
