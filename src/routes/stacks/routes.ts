import { createRoute, z } from "@hono/zod-openapi";
import { formatInstant } from "../../kernel/time.ts";
import { requireAction } from "../../middleware/authentication.ts";
import * as operations from "../../operations/stacks/stacks.ts";
import { MAX_LISTED_STACK_MEMBERS } from "../../operations/stacks/stacks.ts";
import { idempotencyHeaders, readIdempotencyKey } from "../idempotencyKey.ts";
import { newRouter } from "../router.ts";
import { assetIdsSchema } from "../albums/schemas.ts";
import {
  acknowledgementSchema,
  errorResponses,
  idSchema,
  jsonBody,
  jsonResponse,
  credentialSecurity,
} from "../fieldSchemas.ts";
import {
  createStackSchema,
  updateStackSchema,
  stackPageSchema,
  stackQuerySchema,
  stackSchema,
  type StackBody,
} from "./schemas.ts";

const params = z.object({ stack_id: idSchema("stack") });
const shared = { tags: ["Stacks"], security: credentialSecurity };

const create = createRoute({
  ...shared,
  method: "post",
  path: "/api/stacks",
  operationId: "stacks_create",
  summary: "Create a stack. Assets already in another stack are moved.",
  description: "The assets must be of one library. The first one is the cover unless another is chosen.",
  middleware: [requireAction("write")] as const,
  request: { headers: idempotencyHeaders, body: jsonBody(createStackSchema) },
  responses: { 201: jsonResponse(stackSchema, "The new stack"), ...errorResponses(404, 409, 413, 415) },
});

const list = createRoute({
  ...shared,
  method: "get",
  path: "/api/stacks",
  operationId: "stacks_list",
  summary: "List stacks, ordered by id",
  description: `Page with \`starting_after_id\` while \`has_more\` is true. With \`include=asset_ids\` each stack lists its live members; a page of more than ${MAX_LISTED_STACK_MEMBERS.toLocaleString("en")} members ends early, and a single stack of more lists the oldest ones.`,
  middleware: [requireAction("read")] as const,
  request: { query: stackQuerySchema },
  responses: { 200: jsonResponse(stackPageSchema, "A page of stacks"), ...errorResponses(404) },
});

const get = createRoute({
  ...shared,
  method: "get",
  path: "/api/stacks/{stack_id}",
  operationId: "stacks_retrieve",
  summary: "Get a stack; list its members with GET /api/assets?stack_id=",
  description: "`asset_count` counts live members.",
  middleware: [requireAction("read")] as const,
  request: { params },
  responses: { 200: jsonResponse(stackSchema, "The stack"), ...errorResponses(404) },
});

const setCover = createRoute({
  ...shared,
  method: "patch",
  path: "/api/stacks/{stack_id}",
  operationId: "stacks_set_cover",
  summary: "Set the cover of a stack",
  description: "The cover must be a member of the stack.",
  middleware: [requireAction("write")] as const,
  request: { params, body: jsonBody(updateStackSchema) },
  responses: { 200: jsonResponse(stackSchema, "The updated stack"), ...errorResponses(404, 413, 415) },
});

const ungroup = createRoute({
  ...shared,
  method: "delete",
  path: "/api/stacks/{stack_id}",
  operationId: "stacks_delete",
  summary: "Delete a stack; its assets are kept",
  description: "Burst detection does not stack the same assets again.",
  middleware: [requireAction("delete")] as const,
  request: { params },
  responses: { 200: jsonResponse(acknowledgementSchema, "Deleted"), ...errorResponses(404, 409) },
});

const add = createRoute({
  ...shared,
  method: "post",
  path: "/api/stacks/{stack_id}/assets",
  operationId: "stacks_add_assets",
  summary: "Add assets to a stack. Assets already in another stack are moved.",
  description: "The assets must be of the stack's library.",
  middleware: [requireAction("write")] as const,
  request: { params, body: jsonBody(assetIdsSchema) },
  responses: {
    200: jsonResponse(stackSchema, "The stack; assets that are already members are ignored"),
    ...errorResponses(404, 409, 413, 415),
  },
});

const remove = createRoute({
  ...shared,
  method: "delete",
  path: "/api/stacks/{stack_id}/assets",
  operationId: "stacks_remove_assets",
  summary: "Remove assets from a stack",
  description: "A stack with fewer than two members is deleted.",
  middleware: [requireAction("delete")] as const,
  request: { params, body: jsonBody(assetIdsSchema) },
  responses: {
    200: jsonResponse(acknowledgementSchema, "Removed; non-members are ignored"),
    ...errorResponses(404, 409, 413, 415),
  },
});

/** Only the list has the members, if it is asked for them. */
function serializeStack(stack: operations.Stack, assetIds: string[] | null = null): StackBody {
  return {
    id: stack.id,
    asset_count: stack.assetCount,
    origin: stack.origin,
    primary_asset_id: stack.primaryAssetId,
    asset_ids: assetIds,
    created_at: formatInstant(stack.createdAt),
    updated_at: formatInstant(stack.updatedAt),
  };
}

export const stacks = newRouter()
  .openapi(create, async (c) => {
    const body = c.req.valid("json");
    const request = {
      assetIds: body.asset_ids,
      primaryAssetId: body.primary_asset_id ?? null,
      libraryId: body.library_id ?? null,
    };
    const { context, principal } = c.var;
    const idempotent = await readIdempotencyKey(c, c.req.valid("header"), body);
    return c.json(serializeStack(await operations.createStack(context, principal, request, idempotent)), 201);
  })
  .openapi(list, async (c) => {
    const query = c.req.valid("query");
    const page = await operations.listStacks(c.var.context, c.var.principal, {
      libraryId: query.library_id ?? null,
      ids: query.ids ?? null,
      origin: query.origin ?? null,
      primaryAssetId: query.primary_asset_id ?? null,
      startingAfterId: query.starting_after_id ?? null,
      limit: query.limit,
      withAssetIds: query.include?.includes("asset_ids") ?? false,
    });
    const data = page.stacks.map((stack) => serializeStack(stack, stack.assetIds));
    return c.json({ data, has_more: page.hasMore }, 200);
  })
  .openapi(get, async (c) => {
    return c.json(
      serializeStack(await operations.getStack(c.var.context, c.var.principal, c.req.valid("param").stack_id)),
      200,
    );
  })
  .openapi(setCover, async (c) => {
    const { context, principal } = c.var;
    const coverId = c.req.valid("json").primary_asset_id;
    const stack = await operations.setStackCover(context, principal, c.req.valid("param").stack_id, coverId);
    return c.json(serializeStack(stack), 200);
  })
  .openapi(ungroup, async (c) => {
    await operations.deleteStack(c.var.context, c.var.principal, c.req.valid("param").stack_id);
    return c.json({}, 200);
  })
  .openapi(add, async (c) => {
    const { context, principal } = c.var;
    const ids = c.req.valid("json").asset_ids;
    const stack = await operations.addToStack(context, principal, c.req.valid("param").stack_id, ids);
    return c.json(serializeStack(stack), 200);
  })
  .openapi(remove, async (c) => {
    const { context, principal } = c.var;
    const ids = c.req.valid("json").asset_ids;
    await operations.removeFromStack(context, principal, c.req.valid("param").stack_id, ids);
    return c.json({}, 200);
  });
