/** Request bodies that update user-editable metadata of one or many assets. */
import { z } from "@hono/zod-openapi";
import { MAX_RATING } from "../../kernel/rating.ts";
import { MAX_CAPTION_BYTES } from "../../kernel/textLimits.ts";
import { arraySchema, idSchema, storedTimeSchema, textSchema } from "../fieldSchemas.ts";

const changeFields = z.object({
  description: textSchema(MAX_CAPTION_BYTES)
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
  original_datetime: storedTimeSchema
    .nullable()
    .optional()
    .openapi({
      type: ["string", "null"],
      description: "Capture time. The UTC offset is stored if given",
      example: "2024-07-15T12:00:00-07:00",
    }),
  rating: z.int().min(0).max(MAX_RATING).nullable().optional().openapi({
    description: "Stars. 5 is a favourite. 0 is unrated, and hides the rating of the file",
    example: 5,
  }),
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
    example: { description: "At the lake" },
  });

export const MAX_UPDATES = 200;

export const bulkUpdateSchema = z
  .object({
    updates: arraySchema(z.object({ id: idSchema("asset"), change: updateAssetSchema }), 1, MAX_UPDATES).openapi({
      description: "If an asset id is repeated, its changes are merged in order; later values win",
    }),
  })
  .openapi("BulkUpdateAssetsRequest");
