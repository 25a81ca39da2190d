import { z } from "@hono/zod-openapi";
import {
  arraySchema,
  enumListSchema,
  idFieldSchema,
  idListSchema,
  idSchema,
  instantFieldSchema,
  libraryParameter,
  limitSchema,
  startingAfterSchema,
} from "../fieldSchemas.ts";

const origin = z.enum(["auto_burst", "user"]);

export const stackSchema = z
  .object({
    id: idFieldSchema("stack"),
    asset_count: z
      .int()
      .openapi({ description: "Number of live members. Trashed members stay in the stack but are not counted." }),
    origin: origin.openapi({
      description:
        "auto_burst: created by burst detection. user: created or edited by a user; never changed automatically",
    }),
    primary_asset_id: idFieldSchema("asset")
      .nullable()
      .openapi({ description: "Cover chosen by a user; null if none was chosen" }),
    asset_ids: z
      .array(idFieldSchema("asset"))
      .nullable()
      .openapi({ description: "Live members by capture time, in a list with `include=asset_ids`; else null" }),
    created_at: instantFieldSchema,
    updated_at: instantFieldSchema,
  })
  .openapi("Stack");
export type StackBody = z.input<typeof stackSchema>;

export const stackPageSchema = z.object({ data: z.array(stackSchema), has_more: z.boolean() }).openapi("StackPage");

const MAX_ASSET_IDS = 200;

export const createStackSchema = z
  .object({
    asset_ids: arraySchema(idSchema("asset"), 2, MAX_ASSET_IDS).openapi({
      description: "At least two distinct live assets of the same library",
    }),
    primary_asset_id: idSchema("asset").nullish().openapi({ description: "Cover; must be one of `asset_ids`" }),
    library_id: idSchema("library").nullish(),
  })
  .superRefine((body, context) => {
    const reject = (path: string, message: string): void => context.addIssue({ code: "custom", path: [path], message });
    if (new Set(body.asset_ids).size < 2) reject("asset_ids", "must contain at least two distinct ids");
    const cover = body.primary_asset_id ?? null;
    if (cover !== null && !body.asset_ids.includes(cover)) reject("primary_asset_id", "must be one of asset_ids");
  })
  .openapi("CreateStackRequest");

export const updateStackSchema = z
  .object({
    primary_asset_id: idSchema("asset").openapi({
      description: "New cover; must be a live member. A chosen cover cannot be unset.",
    }),
  })
  .openapi("UpdateStackRequest");

export const stackQuerySchema = z.object({
  library_id: libraryParameter,
  ids: idListSchema("stack", 200).optional(),
  origin: origin.optional().openapi({ description: "Stacks of burst detection, or those of users" }),
  primary_asset_id: idSchema("asset").optional().openapi({ description: "Stacks with this chosen cover" }),
  include: enumListSchema(["asset_ids"], 10)
    .optional()
    .openapi({ description: "`asset_ids`: the live members of each stack" }),
  starting_after_id: startingAfterSchema("stack"),
  limit: limitSchema(20, 200),
});
