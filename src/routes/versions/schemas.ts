import { z } from "@hono/zod-openapi";
import { parseJsonObject } from "../../kernel/json.ts";
import { jsonBytes, MAX_ROW_JSON_BYTES } from "../../kernel/textLimits.ts";
import { variantSchema } from "../assets/variantSchemas.ts";
import { enumListSchema, idFieldSchema, idSchema } from "../fieldSchemas.ts";
import { declaredSha256Schema } from "../uploads/schemas.ts";

export const versionSchema = z
  .object({
    id: idFieldSchema("assetVersion"),
    position: z.int().openapi({ description: "0 is the uploaded original; the highest is the current version" }),
    kind: z.string().openapi({ description: "original, edit or external:<service>" }),
    mime_type: z.string(),
    width: z.int().openapi({ description: "Pixels after EXIF orientation; 0 if unknown" }),
    height: z.int(),
    file_size_bytes: z.int(),
    checksum: z.string().nullable().openapi({ description: "Base64-encoded SHA-256 of the stored bytes" }),
    params: z
      .record(z.string(), z.unknown())
      .nullable()
      .openapi({ description: "Edit parameters as sent by the client; null for the original" }),
    version_urls: z.record(z.string(), variantSchema).nullable(),
  })
  .openapi("AssetVersion");

export type VersionBody = z.input<typeof versionSchema>;

export const versionPath = z.object({ asset_id: idSchema("asset"), version_id: idSchema("assetVersion") });
export const assetPath = versionPath.pick({ asset_id: true });

export const versionQuery = z.object({
  include: enumListSchema(["variants"], 20)
    .optional()
    .openapi({ description: "`variants` adds every variant; by default only the thumbnail is included" }),
});

const EXTERNAL_KIND = /^external:[a-z0-9][a-z0-9._-]{0,62}$/;
const KIND_HELP =
  "`edit`, or `external:` followed by a service name of 1 to 63 characters from a-z, 0-9, `.`, `_` and `-`";

const kindSchema = z
  .string()
  .refine((kind) => kind !== "original", { error: "original is reserved for the uploaded file" })
  .refine((kind) => kind === "original" || kind === "edit" || EXTERNAL_KIND.test(kind), {
    error: `must be ${KIND_HELP}`,
  })
  .openapi({ pattern: `^(?:edit|${EXTERNAL_KIND.source.slice(1, -1)})$`, description: KIND_HELP, example: "edit" });

/** Limit of the JSON both as sent and as stored: a number such as 1e20 is longer once it is stored. */
export const MAX_PARAMS_BYTES = MAX_ROW_JSON_BYTES;

function sizeProblem(params: Record<string, unknown>): string | null {
  return jsonBytes(params) <= MAX_PARAMS_BYTES ? null : `must be at most ${MAX_PARAMS_BYTES} bytes of JSON`;
}

const paramsSchema = z
  .string()
  .transform((text, context) => {
    const parsed = parseJsonObject(text);
    const problem = parsed.ok ? sizeProblem(parsed.value) : parsed.problem;
    if (parsed.ok && problem === null) return parsed.value;
    context.addIssue({ code: "custom", message: problem ?? "is not valid" });
    return z.NEVER;
  })
  .openapi({
    type: "string",
    description: "Edit parameters: a JSON object as text, at most 64 KiB",
    example: "{}",
  });

export const versionFieldsSchema = z.object({
  kind: kindSchema,
  params: paramsSchema,
  checksum: declaredSha256Schema,
});

export const newVersionSchema = versionFieldsSchema.extend({
  file: z.string().openapi({
    type: "string",
    format: "binary",
    description: "A JPEG or PNG of at most 100 MiB. Pixels must be upright: EXIF orientation is ignored.",
  }),
});
