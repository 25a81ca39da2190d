/** An asset as an upload leaves it, made without HTTP and without a consumer that works behind the test's back. */
import { env } from "cloudflare:workers";
import { parseDateTime } from "../../src/kernel/time.ts";
import type { WorkDeps } from "../../src/operations/tasks/taskOutcome.ts";
import { receiveFile, registerUpload } from "../../src/operations/uploads/uploadAsset.ts";
import { findAssetForWork, type Asset } from "../../src/records/assets/assets.ts";
import { openDatabase } from "../../src/records/database.ts";
import { listLibraries } from "../../src/records/libraries/libraries.ts";
import { createUserWithLibrary, ROOT_SUBJECT } from "../../src/records/accounts/users.ts";
import { sampleBytes } from "../fixtures/media/samples.ts";
import { keptQueue } from "./bindings/queue.ts";

export function workDeps(): WorkDeps {
  const db = openDatabase(env.DB, "primary");
  return { db, bucket: env.BUCKET, queue: keptQueue().binding, images: env.IMAGES, nowMs: Date.now() };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

export async function storedAsset(name: string, bytes?: Uint8Array): Promise<Asset> {
  const deps = workDeps();
  const user = await createUserWithLibrary(
    deps.db,
    ROOT_SUBJECT,
    { userBytes: 1024 ** 4, libraryBytes: null },
    deps.nowMs,
  );
  const [library] = await listLibraries(deps.db, { userId: user.id, libraryIds: null }, "live");
  const taken = parseDateTime("2024-05-06T07:08:09Z");
  if (library === undefined || taken === null) throw new Error("no library");
  const content = bytes ?? (await sampleBytes(name));
  const file = await receiveFile(deps, { name, body: once(content), sizeHint: content.byteLength });
  const fields = { deviceAssetId: name, deviceId: "test", fileCreatedAt: taken, fileModifiedAt: taken };
  return (await registerUpload(deps, file, fields, library)).asset;
}

export async function current(asset: Asset): Promise<Asset> {
  const found = await findAssetForWork(workDeps().db, asset.id);
  if (found === null) throw new Error("the asset is gone");
  return found;
}

export async function updateEvents(asset: Asset): Promise<number> {
  const row = await env.DB.prepare(
    "SELECT count(*) AS n FROM events WHERE entity_id = ? AND event_type = 'asset_updated'",
  )
    .bind(asset.id)
    .first<{ n: number }>();
  return row?.n ?? 0;
}
