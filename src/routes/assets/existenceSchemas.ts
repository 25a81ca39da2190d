import { z } from "@hono/zod-openapi";
import type { FileIdentifiers } from "../../operations/assets/existence.ts";
import { idSchema } from "../fieldSchemas.ts";

const MAX_IDENTIFIERS = 5000;
const identifierList = z.array(z.string()).max(MAX_IDENTIFIERS).nullish();

export const existenceQuerySchema = z.object({ library_id: idSchema("library").optional() });

export const existenceRequestSchema = z
  .object({
    checksums: identifierList.openapi({ description: "Base64-encoded SHA-256 of each file" }),
    checksum_sha1s: identifierList.openapi({ description: "Base64-encoded SHA-1 of each file" }),
    deviceId: z.string().nullish(),
    deviceAssetIds: identifierList,
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
    id: z.string().openapi({ example: "asset_BM3nUmJ6fkBqBADyz5FEiu" }),
    checksum: z.string(),
    checksum_sha1: z.string().nullable(),
    device_asset_id: z.string(),
    device_id: z.string(),
  })
  .openapi("AssetLite");

export const assetExistenceSchema = z.object({ assets: z.array(assetLiteSchema) }).openapi("AssetExistenceResponse");
