/** API keys, which a signed-in user manages. */
import { createRoute, z } from "@hono/zod-openapi";
import { formatInstant, formatNullableInstant } from "../../kernel/time.ts";
import { requireSession } from "../../middleware/authentication.ts";
import * as operations from "../../operations/accounts/apiKeys.ts";
import { idempotencyHeaders, readIdempotencyKey } from "../idempotencyKey.ts";
import { JSON_ARRAY_HEADERS, jsonArrayStream } from "../jsonArray.ts";
import { addStreamingRoute, newRouter } from "../router.ts";
import { apiKeySchema, createApiKeySchema, createdApiKeySchema, updateApiKeySchema } from "./schemas.ts";
import {
  acknowledgementSchema,
  errorResponses,
  idSchema,
  jsonBody,
  jsonResponse,
  credentialSecurity,
} from "../fieldSchemas.ts";

const params = z.object({ key_id: idSchema("apiKey") });
const shared = { tags: ["API keys"], security: credentialSecurity, middleware: requireSession };

const create = createRoute({
  ...shared,
  method: "post",
  path: "/api/api-keys",
  operationId: "api_keys_create",
  summary: "Create an API key",
  description:
    "With an Idempotency-Key that created a key before, the response is 409 with the id of that key: its secret is not stored.",
  request: { headers: idempotencyHeaders, body: jsonBody(createApiKeySchema) },
  responses: {
    201: jsonResponse(createdApiKeySchema, "The key and its secret, which is returned only once"),
    ...errorResponses(404, 409, 413, 415),
  },
});

const list = createRoute({
  ...shared,
  method: "get",
  path: "/api/api-keys",
  operationId: "api_keys_list",
  summary: "List API keys",
  description: "Without their secrets, newest first. Requires a signed-in session or the owner's key.",
  middleware: [requireSession] as const,
  responses: {
    200: jsonResponse(z.array(apiKeySchema), "All keys as a stream, newest first, including revoked ones"),
    ...errorResponses(),
  },
});

const rename = createRoute({
  ...shared,
  method: "patch",
  path: "/api/api-keys/{key_id}",
  operationId: "api_keys_update",
  summary: "Rename an API key",
  description: "Only the name changes. Requires a signed-in session or the owner's key.",
  request: { params, body: jsonBody(updateApiKeySchema) },
  responses: { 200: jsonResponse(apiKeySchema, "The renamed key"), ...errorResponses(404, 413, 415) },
});

const revoke = createRoute({
  ...shared,
  method: "delete",
  path: "/api/api-keys/{key_id}",
  operationId: "api_keys_delete",
  summary: "Revoke an API key",
  description:
    "Requests with the key get 401 from then on; reads on other machines for at most 30 seconds more. Requires a signed-in session or the owner's key.",
  request: { params },
  responses: {
    200: jsonResponse(acknowledgementSchema, "Revoked; the key stays listed as inactive"),
    ...errorResponses(404),
  },
});

/** Serializes the scope: null for an expired key, as in the Gumnut API; kept for a revoked key. */
function serializeScope(key: operations.ApiKey, nowMs: number) {
  if (key.expiresAt !== null && key.expiresAt <= nowMs) {
    return { actions: null, library_scope_mode: null, selected_library_count: null };
  }
  const mode: "all_libraries" | "selected_libraries" = key.libraryIds === null ? "all_libraries" : "selected_libraries";
  return { actions: key.actions, library_scope_mode: mode, selected_library_count: key.libraryIds?.length ?? null };
}

function serializeApiKey(key: operations.ApiKey, nowMs: number) {
  return {
    id: key.id,
    name: key.name,
    is_active: key.isActive,
    created_at: formatInstant(key.createdAt),
    last_used_at: formatNullableInstant(key.lastUsedAt),
    expires_at: formatNullableInstant(key.expiresAt),
    ...serializeScope(key, nowMs),
  };
}

export const apiKeys = newRouter()
  .openapi(create, async (c) => {
    const body = c.req.valid("json");
    const { name, actions, library_ids: libraryIds = null, expires_at: expiresAtMs = null } = body;
    const { context, principal } = c.var;
    const request = { name, actions, libraryIds, expiresAtMs };
    const idempotent = await readIdempotencyKey(c, c.req.valid("header"), body);
    const { key, secret } = await operations.createApiKey(context, principal, request, idempotent);
    return c.json({ ...serializeApiKey(key, context.nowMs), api_key: secret }, 201);
  })
  .openapi(rename, async (c) => {
    const { name } = c.req.valid("json");
    const key = await operations.renameApiKey(c.var.context, c.var.principal, c.req.valid("param").key_id, name);
    return c.json(serializeApiKey(key, c.var.nowMs), 200);
  })
  .openapi(revoke, async (c) => {
    await operations.revokeApiKey(c.var.context, c.var.principal, c.req.valid("param").key_id);
    return c.json({}, 200);
  });

addStreamingRoute(apiKeys, list, async (c) => {
  const { context, nowMs, principal } = c.var;
  const pages = await operations.streamApiKeys(context, principal);
  return c.body(
    jsonArrayStream(pages, (key) => serializeApiKey(key, nowMs)),
    200,
    JSON_ARRAY_HEADERS,
  );
});
export { users } from "./userRoutes.ts";
