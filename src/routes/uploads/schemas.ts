import { z } from "@hono/zod-openapi";
import { dateTimeSchema, idSchema } from "../fieldSchemas.ts";

const MAX_DEVICE_TEXT_CHARACTERS = 1024;

const deviceText = z.string().max(MAX_DEVICE_TEXT_CHARACTERS);

/** Text fields of an upload. They may come in any order, before or after the file. */
export const uploadFieldsSchema = z.object({
  device_asset_id: deviceText,
  device_id: deviceText,
  file_created_at: dateTimeSchema,
  file_modified_at: dateTimeSchema,
  library_id: z.preprocess((value) => (value === "" ? undefined : value), idSchema("library").optional()),
});

export const uploadSchema = uploadFieldsSchema.extend({
  asset_data: z.string().openapi({
    type: "string",
    format: "binary",
    description: "The photo or video. The extension of its file name decides its type.",
  }),
});
