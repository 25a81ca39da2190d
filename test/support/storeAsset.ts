/** Stores uploaded assets through the operations, without HTTP and without a queue consumer. */
import { env } from "cloudflare:workers";
import { uploadAsset } from "../../src/operations/uploads/uploadAsset.ts";
import { findAssetForTask, type Asset } from "../../src/records/assets/assets.ts";
import { createUserWithLibrary, ROOT_SUBJECT } from "../../src/records/accounts/users.ts";
import { sampleBytes } from "../fixtures/media/samples.ts";
import { testContext } from "./context.ts";
import { uploadSource, uploadFields } from "./uploadSource.ts";

export async function storeAsset(name: string, bytes?: Uint8Array): Promise<Asset> {
  const context = testContext();
  const quota = { userBytes: 1024 ** 4, libraryBytes: null };
  const user = await createUserWithLibrary(context.db, ROOT_SUBJECT, quota, context.nowMs);
  const content = bytes ?? (await sampleBytes(name));
  const fields = { ...uploadFields(null), deviceAssetId: name, deviceId: "test" };
  const principal = { userId: user.id, libraryIds: null, actions: [], isSession: true, isOwner: true };
  const source = uploadSource(name, content, () => fields);
  return (await uploadAsset(context, principal, source)).asset;
}

export async function reloadAsset(asset: Asset): Promise<Asset> {
  const current = await findAssetForTask(testContext().db, asset.id);
  if (current === null) throw new Error("the asset was deleted");
  return current;
}

export async function countUpdateEvents(asset: Asset): Promise<number> {
  const row = await env.DB.prepare(
    "SELECT count(*) AS n FROM events WHERE entity_id = ? AND event_type = 'asset_updated'",
  )
    .bind(asset.id)
    .first<{ n: number }>();
  return row?.n ?? 0;
}
