/** Request bodies that update user-editable metadata of one or many assets. */
import { z } from "@hono/zod-openapi";
import { dateTimeSchema, idSchema } from "../fieldSchemas.ts";

/** Bounds a page of 1,000 assets to 16 MB of descriptions. */
const MAX_DESCRIPTION_CHARACTERS = 16_384;

const FIRST_YEAR = 1700;
const LAST_YEAR = 2200;

/** Microseconds since the epoch are exact integers only between 1685 and 2254. */
const captureTimeSchema = dateTimeSchema.refine(
  ({ wallUs }) => wallUs >= Date.UTC(FIRST_YEAR, 0) * 1000 && wallUs < Date.UTC(LAST_YEAR + 1, 0) * 1000,
  { error: `year must be between ${FIRST_YEAR} and ${LAST_YEAR}` },
);

const changeFields = z.object({
  description: z
    .string()
    .max(MAX_DESCRIPTION_CHARACTERS)
    // Strict JSON parsers reject a whole response that contains a lone surrogate.
    .overwrite((text) => text.replaceAll(/\p{Surrogate}/gu, "\uFFFD"))
    .nullable()
    .optional()
    .openapi({ description: "Sets `metadata.description`; the AI-generated `description` of the asset is unaffected" }),
  latitude: z
    .number()
    .min(-90)
    .max(90)
    .nullable()
    .optional()
    .openapi({ description: "Decimal degrees; must be given together with `longitude`" }),
  longitude: z
    .number()
    .min(-180)
    .max(180)
    .nullable()
    .optional()
    .openapi({ description: "Decimal degrees; must be given together with `latitude`" }),
  original_datetime: captureTimeSchema
    .nullable()
    .optional()
    .openapi({ type: ["string", "null"], description: "Capture time. The UTC offset is stored if given" }),
});

/** Latitude and longitude must be both numbers, both null, or both absent. */
export const updateAssetSchema = changeFields
  .refine(
    ({ latitude, longitude }) =>
      (latitude === undefined) === (longitude === undefined) && (latitude === null) === (longitude === null),
    { path: ["longitude"], error: "latitude and longitude must be both set or both null" },
  )
  .openapi("UpdateAssetRequest", {
    description:
      "Omitted fields are unchanged. `null` removes the user's value, so the value from the file applies again.",
  });

export const bulkUpdateSchema = z
  .object({
    updates: z
      .array(z.object({ id: idSchema("asset"), change: updateAssetSchema }))
      .min(1)
      .max(200)
      .openapi({ description: "If an asset id is repeated, its changes are merged in order; later values win" }),
  })
  .openapi("BulkUpdateAssetsRequest");
