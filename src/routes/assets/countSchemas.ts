import { z } from "@hono/zod-openapi";
import type { WallTime } from "../../kernel/time.ts";
import { assetFilterFields, conflictReporter, personIdField, rejectContradictoryFilters } from "./filterSchemas.ts";
import { dateTimeSchema, limitSchema } from "../fieldSchemas.ts";

export const countQuerySchema = z
  .object({
    ...assetFilterFields,
    ...personIdField,
    group_by: z.enum(["month"]).default("month").openapi({ description: "Length of a bucket" }),
    starting_after_bucket: dateTimeSchema.optional().openapi({
      description:
        "Page cursor sent by newer SDKs: the last `time_bucket`. Can be combined with `local_datetime_before`.",
    }),
    limit: limitSchema(20, 200),
  })
  .superRefine((query, context) => {
    const contradict = conflictReporter(context);
    rejectContradictoryFilters(query, contradict);
    const { local_datetime_after: after, local_datetime_before: before, starting_after_bucket: bucket } = query;
    if (bucket !== undefined && [after, before, bucket].some((time) => (time?.offsetMinutes ?? null) !== null)) {
      contradict(
        "starting_after_bucket",
        "starting_after_bucket and date bounds combined with it must not have a UTC offset",
      );
    }
  });

/** The earlier of `local_datetime_before` and the page cursor. */
export function upperBoundOf({
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
        time_bucket: z.string().openapi({
          description: "Start of the month in wall-clock time, without a UTC offset",
          example: "2024-07-01T00:00:00",
        }),
        count: z.int(),
      }),
    ),
    has_more: z.boolean(),
  })
  .openapi("AssetCountPage");
