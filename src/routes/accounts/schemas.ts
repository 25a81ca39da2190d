import { z } from "@hono/zod-openapi";
import { idSchema } from "../fieldSchemas.ts";

const text = z.string().nullable();

export const userSchema = z
  .object({
    id: z.string(),
    email: text,
    first_name: text,
    last_name: text,
    timezone: text,
    is_active: z.boolean(),
    is_verified: z.boolean(),
    is_superuser: z.boolean(),
    storage_used_bytes: z.int(),
    storage_limit_bytes: z.int(),
    created_at: z.string(),
    updated_at: z.string(),
  })
  .openapi("User");

const actionSchema = z.enum(["read", "write", "delete", "delete_permanently"]);
const scopeMode = z.enum(["all_libraries", "selected_libraries"]);

const apiKeyFields = {
  id: z.string().openapi({ example: "apikey_BM3nUmJ6fkBqBADyz5FEiu" }),
  name: text,
  is_active: z.boolean(),
  created_at: z.string(),
  last_used_at: text,
  actions: z.array(actionSchema).nullable(),
  library_scope_mode: scopeMode.nullable(),
  selected_library_count: z.int().nullable(),
};

export const apiKeySchema = z.object(apiKeyFields).openapi("ApiKey");

export const createdApiKeySchema = z
  .object({ ...apiKeyFields, api_key: z.string().openapi({ description: "The secret; returned only once" }) })
  .openapi("CreatedApiKey");

/** Clients from before 2026-07-22 send only a name and get a key with every action on every library. */
export const createApiKeySchema = z
  .object({
    name: z.string().min(1).max(1024),
    actions: z.array(actionSchema).min(1).default(["read", "write", "delete", "delete_permanently"]),
    library_scope_mode: scopeMode.default("all_libraries"),
    library_ids: z.array(idSchema("library")).min(1).max(200).nullish(),
  })
  .superRefine((body, context) => {
    const selected = body.library_scope_mode === "selected_libraries";
    if (selected === Array.isArray(body.library_ids)) return;
    const message = selected
      ? "is required with library_scope_mode=selected_libraries"
      : "requires library_scope_mode=selected_libraries";
    context.addIssue({ code: "custom", path: ["library_ids"], message });
  })
  .openapi("CreateApiKeyRequest");

export const updateApiKeySchema = z.object({ name: z.string().min(1).max(1024) }).openapi("UpdateApiKeyRequest");
