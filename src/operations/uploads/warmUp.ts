/**
 * Runs an upload while an isolate starts, so that V8 has compiled its code before the first request. Global scope
 * forbids random values, timers and I/O: ids are fixed, and the services are stand-ins.
 */
import { idFromBytes } from "../../kernel/ids.ts";
import { memorySource } from "../../media/inspect/bytes/byteSource.ts";
import { formatForFileName } from "../../media/inspect/formats.ts";
import { readMediaInfo } from "../../media/inspect/mediaInfo.ts";
import { storeOriginal, type OriginalsBucket } from "../../objects/uploads/originals.ts";
import type { FacedAsset } from "../../records/assets/assets.ts";
import { warmUpUploadQueries } from "../../records/uploads/warmUp.ts";
import { newAsset, type AssetFields } from "./newAsset.ts";
import { checkDeclaredDigests } from "./declaredDigests.ts";
import type { IncomingFile } from "./uploadSource.ts";

const ID_BYTES = new Uint8Array(10);
const LIBRARY = { id: idFromBytes("library", 0, ID_BYTES), userId: idFromBytes("user", 0, ID_BYTES) };

/** Accepts every object of one part, and keeps none. */
const bucket: OriginalsBucket = {
  put: async () => ({ etag: "" }),
  createMultipartUpload: async () => {
    throw new Error("the file has one part");
  },
  delete: async () => undefined,
};

/** Stores nothing. Returns the asset that an upload of a file in one part would make; null for an unknown extension. */
export async function warmUpUpload(incoming: IncomingFile, fields: AssetFields): Promise<FacedAsset | null> {
  const name = incoming.name ?? "";
  const format = formatForFileName(name);
  if (format === null) return null;
  const assetId = idFromBytes("asset", 0, ID_BYTES);
  const versionId = idFromBytes("assetVersion", 0, ID_BYTES);
  const options = { contentType: format.mimeType, sizeHint: incoming.sizeHint, keepsHead: true };
  const stored = await storeOriginal(bucket, assetId, incoming.body, options);
  const info = await readMediaInfo(memorySource(stored.head ?? new Uint8Array()), format);
  stored.releaseHead();
  const declared = { sha256: stored.sha256, sha1: stored.sha1 };
  checkDeclaredDigests(stored, [declared], []);
  const file = { assetId, versionId, key: assetId, name, format, stored, declared, receivedAtMs: 0 };
  return await warmUpUploadQueries(newAsset(file, fields, info, LIBRARY, 0));
}
