import { z } from "@hono/zod-openapi";
import { memberRoles } from "../../operations/libraries/members.ts";
import { MAX_CAPTION_BYTES, MAX_NAME_BYTES } from "../../kernel/textLimits.ts";
import { idFieldSchema, instantFieldSchema, nameSchema, textSchema } from "../fieldSchemas.ts";

export const userSummarySchema = z
  .object({ id: idFieldSchema("user"), display_name: z.string().nullable() })
  .openapi("UserSummary");

const roleSchema = z
  .enum(memberRoles)
  .openapi({ description: "The role of the caller, which bounds what they may do in this library" });

export const librarySchema = z
  .object({
    id: idFieldSchema("library"),
    name: z.string(),
    description: z.string().nullable(),
    user_id: idFieldSchema("user"),
    owner: userSummarySchema,
    role: roleSchema,
    asset_count: z.int(),
    storage_used_bytes: z.int(),
    storage_limit_bytes: z.int().nullable(),
    created_at: instantFieldSchema,
    updated_at: instantFieldSchema,
  })
  .openapi("Library");

const name = nameSchema(MAX_NAME_BYTES);
const description = textSchema(MAX_CAPTION_BYTES).nullish();

export const createLibrarySchema = z
  .object({ name, description })
  .openapi("CreateLibraryRequest", { example: { name: "Family photos" } });

/** Null leaves a field as it is. */
export const updateLibrarySchema = z
  .object({ name: name.nullish(), description })
  .openapi("UpdateLibraryRequest", { example: { name: "Family photos" } });

export const libraryQuerySchema = z.object({
  state: z
    .enum(["live", "trashed", "all"])
    .default("live")
    .openapi({ description: "Live libraries, those in the trash, or both" }),
});
