/** What users may set of an asset's metadata, one asset at a time or many. Schemas only. */
import { z } from "@hono/zod-openapi";
import { dateTimeSchema, idSchema } from "../fieldSchemas.ts";

/** A page of 1,000 assets with such descriptions is 16 MB. */
const MAX_DESCRIPTION = 16_384;

const FIRST_YEAR = 1700;
const LAST_YEAR = 2200;

/** Microseconds are exact between 1685 and 2254; no photograph is from outside. */
const captureTimeSchema = dateTimeSchema.refine(
  ({ wallUs }) => wallUs >= Date.UTC(FIRST_YEAR, 0) * 1000 && wallUs < Date.UTC(LAST_YEAR + 1, 0) * 1000,
  { error: `must be of the years ${FIRST_YEAR} to ${LAST_YEAR}` },
);

const changeFields = z.object({
  description: z
    .string()
    .max(MAX_DESCRIPTION)
    // Half a surrogate pair is no text: strict JSON readers refuse the whole answer that it is in.
    .overwrite((text) => text.replaceAll(/\p{Surrogate}/gu, "\uFFFD"))
    .nullable()
    .optional()
    .openapi({ description: "`metadata.description`, not the model's caption" }),
  latitude: z.number().min(-90).max(90).nullable().optional().openapi({ description: "Only with `longitude`" }),
  longitude: z.number().min(-180).max(180).nullable().optional().openapi({ description: "Only with `latitude`" }),
  original_datetime: captureTimeSchema
    .nullable()
    .optional()
    .openapi({ type: ["string", "null"], description: "An offset is kept; without one there is none" }),
});

/** A half of a position is none: both numbers, both null, or neither. */
export const assetChangeSchema = changeFields
  .refine(
    ({ latitude, longitude }) =>
      (latitude === undefined) === (longitude === undefined) && (latitude === null) === (longitude === null),
    { path: ["longitude"], error: "must be set with latitude, or null with it" },
  )
  .openapi("AssetChange", {
    description: "What is left out stays. `null` takes the user's value away: the file's own shows again.",
  });

export const bulkUpdateSchema = z
  .object({
    updates: z
      .array(z.object({ id: idSchema("asset"), change: assetChangeSchema }))
      .min(1)
      .max(200)
      .openapi({ description: "An asset named more than once gets all of its changes, the later over the earlier" }),
  })
  .openapi("AssetBulkUpdate");
