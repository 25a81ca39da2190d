/** The question which files are there already, and its answer. */
import { z } from "@hono/zod-openapi";
import type { FileNames } from "../../operations/assets/existence.ts";
import { idSchema } from "../fieldSchemas.ts";

const MAX_NAMES = 5000;
const names = z.array(z.string()).max(MAX_NAMES).nullish();

export const existQuerySchema = z.object({ library_id: idSchema("library").optional() });

export const existSchema = z
  .object({
    checksums: names.openapi({ description: "SHA-256 of the files, base64" }),
    checksum_sha1s: names.openapi({ description: "SHA-1 of the files, base64" }),
    deviceId: z.string().nullish(),
    deviceAssetIds: names,
  })
  .superRefine((body, context) => {
    const ways = [body.checksums, body.checksum_sha1s, body.deviceId ?? body.deviceAssetIds];
    if (ways.filter((way) => way != null).length === 1 && (body.deviceId == null) === (body.deviceAssetIds == null))
      return;
    context.addIssue({
      code: "custom",
      message: "give exactly one of checksums, checksum_sha1s, or deviceId with deviceAssetIds",
    });
  })
  .openapi("AssetExistenceQuestion", {
    description: "Exactly one of: `checksums`; `checksum_sha1s`; `deviceId` with `deviceAssetIds`.",
    example: { checksums: ["47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="] },
  });

/** The one way that the body asks by. */
export function namesOf(body: z.output<typeof existSchema>): FileNames {
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

export const assetExistenceSchema = z.object({ assets: z.array(assetLiteSchema) }).openapi("AssetExistence");
