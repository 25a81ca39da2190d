import { z } from "@hono/zod-openapi";
import { MAX_NAME_BYTES } from "../../kernel/textLimits.ts";
import { fileTimeSchema, FIRST_YEAR, idSchema, LAST_YEAR, textSchema } from "../fieldSchemas.ts";

const deviceText = textSchema(MAX_NAME_BYTES);

const optionalDigest = (pattern: RegExp, algorithm: string) =>
  z.preprocess(
    (value) => (value === "" ? undefined : value),
    z
      .string()
      .regex(pattern, { error: `must be a base64-encoded ${algorithm}` })
      .optional()
      .openapi({ description: `Base64-encoded ${algorithm} of the file; 422 and nothing stored if the bytes differ` }),
  );

/** Digests that a client may declare, in base64. */
export const declaredSha256Schema = optionalDigest(/^[A-Za-z0-9+/]{43}=$/, "SHA-256");
const declaredSha1Schema = optionalDigest(/^[A-Za-z0-9+/]{27}=$/, "SHA-1");

/** Request headers of an upload. `parseSha1` validates the value. */
export const uploadHeadersSchema = z.object({
  "x-immich-checksum": z.string().optional().openapi({
    description:
      "SHA-1 of the file in base64 or hexadecimal, as Immich's clients send it. Works like `checksum_sha1` before the file",
  }),
});

/** Text fields of an upload. They may come in any order, before or after the file. */
export const uploadFieldsSchema = z.object({
  device_asset_id: deviceText.openapi({ example: "photo-1" }),
  device_id: deviceText.openapi({ example: "laptop" }),
  file_created_at: fileTimeSchema.openapi({
    description: `The capture time of a file without one. Years ${FIRST_YEAR} to ${LAST_YEAR}; the year 0000, 0001-01-01 and 9999-12-31 mean that the date is unknown: \`file_modified_at\` counts instead, else the time of the upload. A time in UTC becomes the local time of the file's coordinates, and has no UTC offset if there are none`,
  }),
  file_modified_at: fileTimeSchema.openapi({
    description: `Years ${FIRST_YEAR} to ${LAST_YEAR}; for an unknown date (see \`file_created_at\`), \`file_created_at\` is stored`,
  }),
  library_id: z.preprocess((value) => (value === "" ? undefined : value), idSchema("library").optional()),
  checksum: declaredSha256Schema,
  checksum_sha1: declaredSha1Schema,
});

export const uploadSchema = uploadFieldsSchema.extend({
  asset_data: z.string().openapi({
    type: "string",
    format: "binary",
    description: "The photo or video. The extension of its file name decides its type.",
  }),
});
