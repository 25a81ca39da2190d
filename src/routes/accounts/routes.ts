/** API keys: create, list, rename, revoke. Only the owner's root key opens these routes. */
import { createRoute, z } from "@hono/zod-openapi";
import { formatInstant } from "../../kernel/time.ts";
import { managesKeys } from "../../middleware/authentication.ts";
import * as operations from "../../operations/accounts/apiKeys.ts";
import { newRouter } from "../router.ts";
import { apiKeyChangeSchema, apiKeySchema, createdApiKeySchema, newApiKeySchema } from "./schemas.ts";
import { ackSchema, failures, idSchema, jsonBody, ok, security } from "../fieldSchemas.ts";

const params = z.object({ key_id: idSchema("apiKey") });
const shared = { tags: ["API keys"], security, middleware: managesKeys };

const create = createRoute({
  ...shared,
  method: "post",
  path: "/api/api-keys",
  summary: "Create an API key",
  request: { body: jsonBody(newApiKeySchema) },
  responses: { 201: ok(createdApiKeySchema, "The key and, this once, its secret"), ...failures(404, 413, 415) },
});

const list = createRoute({
  ...shared,
  method: "get",
  path: "/api/api-keys",
  summary: "List API keys",
  responses: { 200: ok(z.array(apiKeySchema), "Newest first, revoked ones included"), ...failures() },
});

const rename = createRoute({
  ...shared,
  method: "patch",
  path: "/api/api-keys/{key_id}",
  summary: "Rename an API key",
  request: { params, body: jsonBody(apiKeyChangeSchema) },
  responses: { 200: ok(apiKeySchema, "The renamed key"), ...failures(404, 413, 415) },
});

const revoke = createRoute({
  ...shared,
  method: "delete",
  path: "/api/api-keys/{key_id}",
  summary: "Revoke an API key",
  request: { params },
  responses: { 200: ok(ackSchema, "Revoked; the row stays"), ...failures(404) },
});

/** What an expired key may do is null, as the contract has it; a revoked one shows what it could. */
function grantShape(key: operations.ApiKey, nowMs: number) {
  if (key.expiresAt !== null && key.expiresAt <= nowMs) {
    return { actions: null, library_scope_mode: null, selected_library_count: null };
  }
  const mode: "all_libraries" | "selected_libraries" = key.libraryIds === null ? "all_libraries" : "selected_libraries";
  return { actions: key.actions, library_scope_mode: mode, selected_library_count: key.libraryIds?.length ?? null };
}

function shape(key: operations.ApiKey, nowMs: number) {
  return {
    id: key.id,
    name: key.name,
    is_active: key.isActive,
    created_at: formatInstant(key.createdAt),
    last_used_at: key.lastUsedAt === null ? null : formatInstant(key.lastUsedAt),
    ...grantShape(key, nowMs),
  };
}

export const apiKeys = newRouter()
  .openapi(create, async (c) => {
    const { name, actions, library_ids: libraryIds = null } = c.req.valid("json");
    const { db, principal, nowMs } = c.var;
    const { key, secret } = await operations.createApiKey(db, principal, { name, actions, libraryIds }, nowMs);
    return c.json({ ...shape(key, nowMs), api_key: secret }, 201);
  })
  .openapi(list, async (c) => {
    const keys = await operations.listApiKeys(c.var.db, c.var.principal);
    return c.json(
      keys.map((key) => shape(key, c.var.nowMs)),
      200,
    );
  })
  .openapi(rename, async (c) => {
    const { name } = c.req.valid("json");
    const key = await operations.renameApiKey(c.var.db, c.var.principal, c.req.valid("param").key_id, name);
    return c.json(shape(key, c.var.nowMs), 200);
  })
  .openapi(revoke, async (c) => {
    await operations.revokeApiKey(c.var.db, c.var.principal, c.req.valid("param").key_id);
    return c.json({}, 200);
  });
