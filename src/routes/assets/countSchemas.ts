import { z } from "@hono/zod-openapi";
import {
  assetFilterFields,
  conflictReporter,
  mediaTypeParameter,
  personIdField,
  rejectContradictoryFilters,
  toSharedFilter,
} from "./filterSchemas.ts";
import { placeFields, rejectContradictoryPlaces, toPlaceFilter } from "./querySchemas.ts";
import { limitSchema, naiveDateTimeSchema, ratingsParameter } from "../fieldSchemas.ts";

export const countQuerySchema = z
  .object({
    ...assetFilterFields,
    ...personIdField,
    media_type: mediaTypeParameter.optional(),
    ratings: ratingsParameter.optional(),
    ...placeFields,
    group_by: z
      .enum(["day", "week", "month", "year"])
      .default("month")
      .openapi({ description: "Length of a bucket. Weeks begin on Monday" }),
    order: z
      .enum(["asc", "desc"])
      .default("desc")
      .openapi({ description: "Order of the buckets: `desc` is newest first" }),
    starting_after_bucket: naiveDateTimeSchema.optional().openapi({
      description: "Page cursor: the last `time_bucket` of the page before. Repeat the other parameters unchanged",
    }),
    limit: limitSchema(20, 200),
  })
  .superRefine((query, context) => {
    const contradict = conflictReporter(context);
    rejectContradictoryFilters(query, contradict);
    rejectContradictoryPlaces(query, contradict);
  });

/** Maps the query to the operation's filter. */
export function toCountFilter(query: z.output<typeof countQuerySchema>) {
  return { ...toSharedFilter(query), ...toPlaceFilter(query), mediaType: query.media_type ?? null, order: query.order };
}

export const assetCountSchema = z
  .object({
    data: z.array(
      z.object({
        time_bucket: z.string().openapi({
          description: "Start of the day, week, month or year in wall-clock time, without a UTC offset",
          example: "2024-07-01T00:00:00",
        }),
        count: z.int(),
      }),
    ),
    has_more: z.boolean(),
  })
  .openapi("AssetCountPage");
