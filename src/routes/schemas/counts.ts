/** Counts by month as asked for, documented and answered. */
import { z } from "@hono/zod-openapi";
import { assetFilterFields, contradictionsIn, personIdField, refuseSharedContradictions } from "./assetFilter.ts";
import { limitSchema } from "./common.ts";

export const countQuerySchema = z
  .object({
    ...assetFilterFields,
    ...personIdField,
    group_by: z.enum(["month"]).default("month"),
    limit: limitSchema(20, 200),
  })
  .superRefine((query, context) => refuseSharedContradictions(query, contradictionsIn(context)));

export const assetCountSchema = z
  .object({
    data: z.array(
      z.object({
        time_bucket: z
          .string()
          .openapi({ description: "The month's first wall clock, without an offset", example: "2024-07-01T00:00:00" }),
        count: z.int(),
      }),
    ),
    has_more: z.boolean(),
  })
  .openapi("AssetCount");
