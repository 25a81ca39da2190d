import { z } from "@hono/zod-openapi";
import { MAX_NAME_BYTES } from "../../kernel/textLimits.ts";
import {
  arraySchema,
  idFieldSchema,
  idSchema,
  instantFieldSchema,
  instantSchema,
  textSchema,
} from "../fieldSchemas.ts";

const text = z.string().nullable();

const actionSchema = z.enum(["read", "write", "delete", "delete_permanently"]);
const scopeMode = z.enum(["all_libraries", "selected_libraries"]);

const apiKeyFields = {
  id: idFieldSchema("apiKey"),
  name: text,
  is_active: z.boolean(),
  created_at: instantFieldSchema,
  last_used_at: instantFieldSchema.nullable(),
  expires_at: text.openapi({
    format: "date-time",
    description:
      "From this time on the key gets 401. Null: it never expires. Tintype extension; not part of the Gumnut API.",
  }),
  actions: z.array(actionSchema).nullable(),
  library_scope_mode: scopeMode.nullable(),
  selected_library_count: z.int().nullable(),
};

export const apiKeySchema = z.object(apiKeyFields).openapi("ApiKey");

export const createdApiKeySchema = z
  .object({ ...apiKeyFields, api_key: z.string().openapi({ description: "The secret; returned only once" }) })
  .openapi("CreatedApiKey");

/** Actions in one key: clients may repeat some of the four. */
export const MAX_ACTIONS = 20;
/** Libraries that one key is restricted to. */
export const MAX_KEY_LIBRARIES = 200;

/** Clients from before 2026-07-22 send only a name and get a key with every action on every library. */
export const createApiKeySchema = z
  .object({
    name: textSchema(MAX_NAME_BYTES).min(1),
    actions: arraySchema(actionSchema, 1, MAX_ACTIONS).default(["read", "write", "delete", "delete_permanently"]),
    library_scope_mode: scopeMode.default("all_libraries"),
    library_ids: arraySchema(idSchema("library"), 1, MAX_KEY_LIBRARIES).nullish(),
    expires_at: instantSchema.nullish().openapi({
      description: "Must be in the future. Omitted or null: the key never expires. Tintype extension.",
    }),
  })
  .superRefine((body, context) => {
    const selected = body.library_scope_mode === "selected_libraries";
    if (selected === Array.isArray(body.library_ids)) return;
    const message = selected
      ? "is required with library_scope_mode=selected_libraries"
      : "requires library_scope_mode=selected_libraries";
    context.addIssue({ code: "custom", path: ["library_ids"], message });
  })
  .openapi("CreateApiKeyRequest", { example: { name: "Phone" } });

export const updateApiKeySchema = z
  .object({ name: textSchema(MAX_NAME_BYTES).min(1) })
  .openapi("UpdateApiKeyRequest", { example: { name: "Phone" } });
