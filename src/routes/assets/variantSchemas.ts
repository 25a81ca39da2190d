/** URLs of images in responses. */
import { z } from "@hono/zod-openapi";

export const variantSchema = z
  .object({
    url: z.string().openapi({ description: "Signed URL, stable for a day; needs no credential and supports Range" }),
    mimetype: z.string(),
    width: z.int().nullable().openapi({ description: "Target width in pixels; null if unknown" }),
  })
  .openapi("AssetVariant");

export type VariantBody = z.input<typeof variantSchema>;

export const variantsSchema = z.record(z.string(), variantSchema).nullable();
