import { storeProxy, type ProxyImage } from "../../../objects/delivery/displayProxies.ts";
import { recordDerivedFile } from "../../../records/delivery/derivedFiles.ts";
import type { Context } from "../../context.ts";

/** Stores the display proxy of a version, after its size was recorded. */
export async function keepProxy(
  { bucket, db }: Context,
  { id: assetId, currentVersionId: versionId }: { id: string; currentVersionId: string },
  proxy: ProxyImage,
): Promise<void> {
  const sizeBytes = proxy.pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
  await recordDerivedFile(db.primary(), { assetId, versionId, name: "proxy", sizeBytes });
  await storeProxy(bucket, assetId, versionId, proxy);
}
