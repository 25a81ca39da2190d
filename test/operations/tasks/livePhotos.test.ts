import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { posterKey, renditionKey } from "../../../src/objects/keys.ts";
import { runPendingTasks } from "../../../src/operations/tasks/taskRunner.ts";
import type { Asset } from "../../../src/records/assets/assets.ts";
import { sampleBytes } from "../../fixtures/media/samples.ts";
import { recordingQueue } from "../../support/bindings/queue.ts";
import { createLibrary } from "../../support/clients/account.ts";
import { call } from "../../support/clients/api.ts";
import { appendVersion } from "../../support/clients/versions.ts";
import { testConfig, testContext } from "../../support/context.ts";
import { renderPng } from "../../support/media/images.ts";
import { readTasks } from "../../support/rows/taskRows.ts";
import { countUpdateEvents, reloadAsset, storeAsset } from "../../support/storeAsset.ts";

let serial = 0;

async function setPair(asset: Asset, livePhotoCid: string): Promise<Asset> {
  await env.DB.prepare("UPDATE assets SET file_metadata = json_set(file_metadata, '$.livePhotoCid', ?) WHERE id = ?")
    .bind(livePhotoCid, asset.id)
    .run();
  return await reloadAsset(asset);
}

/** Films differ in a box that readers skip. */
async function storeFilm(pair: string): Promise<Asset> {
  const film = await sampleBytes("0009_with-gps.mp4");
  const box = [0, 0, 0, 12, 0x66, 0x72, 0x65, 0x65, 0, 0, 0, ++serial];
  return await setPair(await storeAsset("film.mp4", new Uint8Array([...film, ...box])), pair);
}

async function storeStill(pair: string): Promise<Asset> {
  const shade = ++serial;
  return await setPair(await storeAsset("still.png", await renderPng(90, 60, () => [shade, 200, 0, 255])), pair);
}

async function runTasks(asset: Asset): Promise<void> {
  await runPendingTasks(testContext(), asset.id);
}

async function posterTask(film: Asset) {
  const task = (await readTasks(film.id)).find(({ task_type: type }) => type === "video_thumbnail_extract");
  return { status: task?.status, result: task?.result };
}

async function readObject(key: string): Promise<Uint8Array> {
  const object = await env.BUCKET.get(key);
  return new Uint8Array((await object?.arrayBuffer()) ?? new ArrayBuffer());
}

async function readPoster(film: Asset): Promise<Uint8Array> {
  return await readObject(posterKey(film.id, (await reloadAsset(film)).posterVersionId ?? ""));
}

async function readPreview(still: Asset): Promise<Uint8Array> {
  return await readObject(renditionKey(still.id, (await reloadAsset(still)).currentVersionId, "preview"));
}

/** Calls the API and returns the ids of the assets that it enqueued. */
async function send(method: string, path: string, json?: Record<string, unknown>): Promise<string> {
  const queue = recordingQueue();
  const response = await call(method, path, { ...(json && { json }), env: { QUEUE: queue.binding } });
  expect(response.status, await response.clone().text()).toBeLessThan(300);
  return JSON.stringify(queue.sent);
}

const STILL = { status: "success", result: "copied the still photo of the live photo" };
const FRAME = { status: "success", result: "decoded a key frame of H.264" };
const KEPT = { status: "success", result: "kept the poster" };
const PENDING = { status: "pending", result: null };

/** A film that shows the still photo of its pair. */
async function storePair(pair: string): Promise<{ still: Asset; film: Asset }> {
  const still = await storeStill(pair);
  await runTasks(still);
  const film = await storeFilm(pair);
  await runTasks(film);
  expect(await posterTask(film)).toEqual(STILL);
  return { still, film };
}

describe("the film of a live photo", () => {
  it("shows the still photo that was uploaded before it", async () => {
    const { still, film } = await storePair("still first");
    expect(await readPoster(film)).toEqual(await readPreview(still));
    expect((await reloadAsset(film)).posterSource).toBe(still.currentVersionId);
  });

  it("shows a frame until the still photo arrives, whose tasks enqueue the film", async () => {
    const film = await storeFilm("film first");
    await runTasks(film);
    expect(await posterTask(film)).toEqual(FRAME);
    const still = await storeStill("film first");
    const queue = recordingQueue();
    await runPendingTasks(testContext({ queue: queue.binding }), still.id);
    expect(queue.sent).toEqual([{ assetId: film.id }]);
    expect(await posterTask(film)).toEqual(PENDING);
    const events = await countUpdateEvents(film);
    await runTasks(film);
    expect(await posterTask(film)).toEqual(STILL);
    expect(await readPoster(film)).toEqual(await readPreview(still));
    // One for the poster, one for what the other tasks derived from it.
    expect(await countUpdateEvents(film)).toBe(events + 2);
  });

  it("keeps the poster if the task runs again", async () => {
    const { film } = await storePair("again");
    const { posterVersionId } = await reloadAsset(film);
    const events = await countUpdateEvents(film);
    await env.DB.prepare("UPDATE assets SET trashed_at = 1 WHERE id = ?").bind(film.id).run();
    await env.DB.prepare("UPDATE assets SET trashed_at = NULL WHERE id = ?").bind(film.id).run();
    expect(await posterTask(film)).toEqual(PENDING);
    await runTasks(film);
    expect(await posterTask(film)).toEqual(KEPT);
    expect((await reloadAsset(film)).posterVersionId).toBe(posterVersionId);
    expect(await countUpdateEvents(film)).toBe(events);
  });

  it("shows an edited version of the still photo, and the upload again after a revert", async () => {
    const { still, film } = await storePair("edited");
    const uploaded = await readPoster(film);
    expect((await appendVersion(still.id, await renderPng(80, 80, () => [9, 9, 200, 255]))).status).toBe(201);
    expect(await posterTask(film)).toEqual(STILL);
    await runTasks(still);
    expect(await posterTask(film)).toEqual(PENDING);
    await runTasks(film);
    expect(await readPoster(film)).toEqual(await readPreview(still));
    expect(await readPoster(film)).not.toEqual(uploaded);
    await send("POST", `/api/assets/${still.id}/versions/${still.currentVersionId}/revert`);
    await runTasks(still);
    await runTasks(film);
    expect(await readPoster(film)).toEqual(uploaded);
  });

  it("shows a frame again while the still photo is in the trash", async () => {
    const { still, film } = await storePair("trashed");
    const ids = { ids: [still.id] };
    expect(await send("POST", `/api/assets/trash?library_id=${still.libraryId}`, ids)).toContain(film.id);
    await runTasks(film);
    expect(await posterTask(film)).toEqual(FRAME);
    expect(await send("POST", `/api/assets/restore?library_id=${still.libraryId}`, ids)).toContain(film.id);
    await runTasks(film);
    expect(await posterTask(film)).toEqual(STILL);
  });

  it("keeps the still photo while both are in the trash, and shows a frame if only the film is restored", async () => {
    const { still, film } = await storePair("both trashed");
    const query = `library_id=${still.libraryId}`;
    await send("POST", `/api/assets/trash?${query}`, { ids: [still.id, film.id] });
    await runTasks(film);
    expect(await posterTask(film)).toEqual(KEPT);
    await send("POST", `/api/assets/restore?${query}`, { ids: [film.id] });
    await runTasks(film);
    expect(await posterTask(film)).toEqual(FRAME);
  });

  it("shows a frame again after the still photo was deleted", async () => {
    const { still, film } = await storePair("deleted");
    expect(await send("DELETE", `/api/assets/${still.id}`)).toContain(film.id);
    expect(await posterTask(film)).toEqual(PENDING);
    await runTasks(film);
    expect(await posterTask(film)).toEqual(FRAME);
  });

  it("has no poster if its still photo is gone and no frame can be decoded", async () => {
    const still = await storeStill("unreadable film");
    await runTasks(still);
    const film = await setPair(await storeAsset("film.mp4", new Uint8Array([1, 2, 3, ++serial])), "unreadable film");
    await runTasks(film);
    expect(await posterTask(film)).toEqual(STILL);
    const { posterVersionId } = await reloadAsset(film);
    await send("DELETE", `/api/assets/${still.id}`);
    await runTasks(film);
    expect((await reloadAsset(film)).posterVersionId).toBeNull();
    expect(await env.BUCKET.head(posterKey(film.id, posterVersionId ?? ""))).toBeNull();
    expect((await readTasks(film.id)).filter(({ status }) => status !== "success")).toEqual([]);
  });

  it("shows the still photo on the Workers Free plan too, which stores no preview", async () => {
    const config = testConfig({ workersPlan: "free" });
    const still = await storeStill("free plan");
    await runPendingTasks(testContext({ config }), still.id);
    const film = await storeFilm("free plan");
    await runPendingTasks(testContext({ config }), film.id);
    expect(await posterTask(film)).toEqual(STILL);
    const { posterVersionId } = await reloadAsset(film);
    const poster = await env.BUCKET.head(posterKey(film.id, posterVersionId ?? ""));
    expect(poster?.httpMetadata?.contentType).toBe("image/jpeg");
  });

  it("keeps a client's poster", async () => {
    const film = await storeFilm("client");
    const body = await renderPng(30, 20, () => [1, 2, 3, 255]);
    const headers = { "content-type": "image/png" };
    const { binding } = recordingQueue();
    const put = await call("PUT", `/api/assets/${film.id}/still`, { body, headers, env: { QUEUE: binding } });
    expect(put.status).toBe(200);
    await runTasks(film);
    const still = await storeStill("client");
    await runTasks(still);
    expect(await posterTask(film)).toEqual({ status: "success", result: "kept the client's poster" });
    expect(await readPoster(film)).toEqual(body);
    await send("DELETE", `/api/assets/${film.id}/still`);
    await runTasks(film);
    expect(await posterTask(film)).toEqual(STILL);
  });

  it("shows no still photo of another library", async () => {
    const { still, film } = await storePair("moved");
    const move = { source_library_id: still.libraryId, destination_library_id: await createLibrary() };
    expect(await send("POST", "/api/assets/move", { ...move, asset_ids: [still.id] })).toContain(film.id);
    await runTasks(film);
    expect(await posterTask(film)).toEqual(FRAME);
    expect(await send("POST", "/api/assets/move", { ...move, asset_ids: [film.id] })).toContain(film.id);
    await runTasks(film);
    expect(await posterTask(film)).toEqual(STILL);
  });
});
