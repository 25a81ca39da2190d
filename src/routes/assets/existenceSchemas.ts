import { z } from "@hono/zod-openapi";
import { MAX_NAME_BYTES } from "../../kernel/textLimits.ts";
import type { FileIdentifiers } from "../../operations/assets/existence.ts";
import { arraySchema, idFieldSchema, libraryParameter, textSchema } from "../fieldSchemas.ts";

export const MAX_IDENTIFIERS = 5000;
/** Longer than any digest in base64; an unknown one matches nothing. */
export const MAX_CHECKSUM_CHARACTERS = 128;
const checksumList = arraySchema(z.string().max(MAX_CHECKSUM_CHARACTERS), 0, MAX_IDENTIFIERS).nullish();
const deviceText = textSchema(MAX_NAME_BYTES);

export const existenceQuerySchema = z.object({ library_id: libraryParameter });

export const existenceRequestSchema = z
  .object({
    checksums: checksumList.openapi({ description: "Base64-encoded SHA-256 of each file" }),
    checksum_sha1s: checksumList.openapi({ description: "Base64-encoded SHA-1 of each file" }),
    deviceId: deviceText.nullish(),
    deviceAssetIds: arraySchema(deviceText, 0, MAX_IDENTIFIERS).nullish(),
  })
  .superRefine((body, context) => {
    const identifiers = [body.checksums, body.checksum_sha1s, body.deviceId ?? body.deviceAssetIds];
    const given = identifiers.filter((identifier) => identifier != null).length;
    if (given === 1 && (body.deviceId == null) === (body.deviceAssetIds == null)) return;
    context.addIssue({
      code: "custom",
      message: "exactly one of checksums, checksum_sha1s, or deviceId with deviceAssetIds is required",
    });
  })
  .openapi("AssetExistenceRequest", {
    description: "Exactly one of `checksums`, `checksum_sha1s`, or `deviceId` with `deviceAssetIds`.",
    example: { checksums: ["47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="] },
  });

/** The single kind of identifier that the schema let through. */
export function toFileIdentifiers(body: z.output<typeof existenceRequestSchema>): FileIdentifiers {
  if (body.checksums != null) return { kind: "checksum", checksums: body.checksums };
  if (body.checksum_sha1s != null) return { kind: "sha1", checksums: body.checksum_sha1s };
  return { kind: "device", deviceId: body.deviceId ?? "", deviceAssetIds: body.deviceAssetIds ?? [] };
}

const assetLiteSchema = z
  .object({
    id: idFieldSchema("asset"),
    checksum: z.string(),
    checksum_sha1: z.string().nullable(),
    device_asset_id: z.string(),
    device_id: z.string(),
  })
  .openapi("AssetLite");

export const assetExistenceSchema = z.object({ assets: z.array(assetLiteSchema) }).openapi("AssetExistenceResponse");
