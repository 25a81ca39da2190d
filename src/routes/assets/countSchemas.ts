/** Counts by month as asked for, documented and answered. */
import { z } from "@hono/zod-openapi";
import type { WallTime } from "../../kernel/time.ts";
import { assetFilterFields, contradictionsIn, personIdField, refuseSharedContradictions } from "./filterSchemas.ts";
import { dateTimeSchema, limitSchema } from "../fieldSchemas.ts";

export const countQuerySchema = z
  .object({
    ...assetFilterFields,
    ...personIdField,
    group_by: z.enum(["month"]).default("month"),
    starting_after_bucket: dateTimeSchema.optional().openapi({
      description: "The last `time_bucket`, as newer SDKs send it; does what `local_datetime_before` does, beside one",
      example: "2024-07-01T00:00:00",
    }),
    limit: limitSchema(20, 200),
  })
  .superRefine((query, context) => {
    const contradict = contradictionsIn(context);
    refuseSharedContradictions(query, contradict);
    const { local_datetime_after: after, local_datetime_before: before, starting_after_bucket: bucket } = query;
    if (bucket !== undefined && [after, before, bucket].some((time) => (time?.offsetMinutes ?? null) !== null)) {
      contradict("starting_after_bucket", "neither it nor a date bound beside it may carry a UTC offset");
    }
  });

/** The earlier of the bound and the page's cursor. */
export function endOf({
  local_datetime_before: before,
  starting_after_bucket: bucket,
}: z.output<typeof countQuerySchema>): WallTime | undefined {
  if (bucket === undefined || before === undefined) return bucket ?? before;
  return before.wallUs < bucket.wallUs ? before : bucket;
}

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
