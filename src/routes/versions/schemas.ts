/** Versions of a photo as documented and as answered, and the fields that come with a new one. */
import { z } from "@hono/zod-openapi";
import { parseJsonObject } from "../../kernel/json.ts";
import { variantSchema } from "../assets/schemas.ts";
import { idSchema, listOf } from "../fieldSchemas.ts";

export const versionSchema = z
  .object({
    id: z.string().openapi({ example: "asset_version_BM3nUmJ6fkBqBADyz5FEiu" }),
    position: z.int().openapi({ description: "0 is the upload; the last is the current one" }),
    kind: z.string().openapi({ description: "Who made it: original, edit, external:<service>" }),
    mime_type: z.string(),
    width: z.int().openapi({ description: "Upright pixels; 0 while unknown" }),
    height: z.int(),
    file_size_bytes: z.int(),
    checksum: z.string().nullable().openapi({ description: "SHA-256 of the stored bytes, base64" }),
    params: z
      .record(z.string(), z.unknown())
      .nullable()
      .openapi({ description: "The producer's recipe, as it was sent; null for the original" }),
    version_urls: z.record(z.string(), variantSchema).nullable(),
  })
  .openapi("AssetVersion");

export type VersionBody = z.input<typeof versionSchema>;

export const versionPath = z.object({ asset_id: idSchema("asset"), version_id: idSchema("assetVersion") });
export const assetPath = versionPath.pick({ asset_id: true });

export const versionQuery = z.object({
  include: listOf(z.enum(["variants"]), 20)
    .optional()
    .openapi({ description: "`variants`: every rung; without it the thumbnail alone" }),
});

/** Of what the kinds of versions may be called. */
const SERVICE = /^external:[a-z0-9][a-z0-9._-]{0,62}$/;
const KIND_HELP =
  "`edit`, or `external:` and the service's name in lower case: a to z, 0 to 9, `.`, `_`, `-`, at most 63";

export const kindSchema = z
  .string()
  .refine((kind) => kind !== "original", { error: "original is what the upload alone is" })
  .refine((kind) => kind === "original" || kind === "edit" || SERVICE.test(kind), {
    error: `must be ${KIND_HELP}`,
  })
  .openapi({ description: KIND_HELP, example: "edit" });

export const MAX_PARAMS_BYTES = 64 * 1024;

export const paramsSchema = z
  .string()
  .transform((text, context) => {
    const parsed = parseJsonObject(text);
    if (parsed.ok) return parsed.value;
    context.addIssue({ code: "custom", message: parsed.problem });
    return z.NEVER;
  })
  .openapi({
    type: "string",
    description: "What the version was made by: a JSON object as text, at most 64 KiB",
    example: "{}",
  });
