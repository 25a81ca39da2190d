/** Stacks as documented and as answered. */
import { z } from "@hono/zod-openapi";
import { idSchema, limitSchema, listOf } from "../fieldSchemas.ts";

const origin = z.enum(["auto_burst", "user"]);

export const stackSchema = z
  .object({
    id: z.string().openapi({ example: "asset_stack_BM3nUmJ6fkBqBADyz5FEiu" }),
    asset_count: z.int().openapi({ description: "Live members; what is in the trash is a member too" }),
    origin: origin.openapi({
      description: "auto_burst: made of a camera's burst. user: made or changed by someone, and left alone since",
    }),
    primary_asset_id: z.string().nullable().openapi({ description: "The cover someone chose; null: none" }),
    created_at: z.string(),
    updated_at: z.string(),
  })
  .openapi("Stack");
export type StackBody = z.input<typeof stackSchema>;

export const stackPageSchema = z.object({ data: z.array(stackSchema), has_more: z.boolean() }).openapi("StackPage");

const MAX_ASSETS = 200;

export const newStackSchema = z
  .object({
    asset_ids: z.array(idSchema("asset")).min(2).max(MAX_ASSETS).openapi({
      description: "At least two different ones, live, of one library",
    }),
    primary_asset_id: idSchema("asset").nullish().openapi({ description: "The cover: one of `asset_ids`" }),
    library_id: idSchema("library").nullish(),
  })
  .superRefine((body, context) => {
    const refuse = (path: string, message: string): void => context.addIssue({ code: "custom", path: [path], message });
    if (new Set(body.asset_ids).size < 2) refuse("asset_ids", "must name at least two different assets");
    const cover = body.primary_asset_id ?? null;
    if (cover !== null && !body.asset_ids.includes(cover)) refuse("primary_asset_id", "must be one of asset_ids");
  })
  .openapi("NewStack");

export const stackChangeSchema = z
  .object({ primary_asset_id: idSchema("asset").openapi({ description: "A live member; a pin cannot be cleared" }) })
  .openapi("StackChange");

export const stackQuerySchema = z.object({
  library_id: idSchema("library").optional(),
  ids: listOf(idSchema("stack"), 200).optional(),
  origin: origin.optional(),
  primary_asset_id: idSchema("asset").optional(),
  starting_after_id: idSchema("stack").optional(),
  limit: limitSchema(20, 200),
});
