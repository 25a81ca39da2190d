import { env } from "cloudflare:workers";
import { describe, expect, inject, it } from "vitest";
import { runPendingTasks } from "../../../../src/operations/tasks/taskRunner.ts";
import { runEmbedding } from "../../../../src/operations/tasks/handlers/embedding.ts";
import { findAssetForTask, type Asset } from "../../../../src/records/assets/assets.ts";
import { blockIndex } from "../../../../src/operations/search/vectors/blockIndex.ts";
import { embedMissing } from "../../../../src/operations/search/embedMissing.ts";
import { sweepVectors } from "../../../../src/operations/search/vectors/syncVectors.ts";
import type { Describer } from "../../../../src/providers/describers/describer.ts";
import type { Embedder } from "../../../../src/providers/embedders/embedder.ts";
import { immichMlEmbedder } from "../../../../src/providers/embedders/immichMl.ts";
import { openAiCompatibleEmbedder } from "../../../../src/providers/embedders/openAiCompatible.ts";
import { countingD1 } from "../../../support/bindings/d1.ts";
import { recordingQueue } from "../../../support/bindings/queue.ts";
import { createLibrary, getRootOwner } from "../../../support/clients/account.ts";
import { call } from "../../../support/clients/api.ts";
import { uploadWithoutConsumer } from "../../../support/clients/uploads.ts";
import { testContext } from "../../../support/context.ts";
import { renderPng } from "../../../support/media/images.ts";
import { storeAsset } from "../../../support/storeAsset.ts";

const url = inject("embedderServerUrl");
const settings = { EMBEDDER: "openai-compatible", EMBEDDER_URL: `${url}/v1`, EMBEDDER_MODEL: "words" };

function textEmbedder(model = "words", dimensions: number | null = null): Embedder {
  return openAiCompatibleEmbedder({ baseUrl: `${url}/v1`, model, apiKey: null, dimensions, timeoutMs: 500 });
}

function imageEmbedder(model = "words"): Embedder {
  return immichMlEmbedder({ baseUrl: url, model, apiKey: null, timeoutMs: 500 });
}

const describer: Describer = { describe: () => Promise.resolve({ kind: "text", text: "A falcon on a post." }) };

async function spaceOf(assetId: string): Promise<string | null> {
  return (await blockIndex(testContext()).find(assetId)).content?.space ?? null;
}

async function assetOf(id: string): Promise<Asset> {
  const asset = await findAssetForTask(testContext().db, id);
  if (asset === null) throw new Error("the asset was deleted");
  return asset;
}

/** Cosine of the stored vector and that of a text. */
async function similarity(assetId: string, text: string): Promise<number> {
  const { content: stored } = await blockIndex(testContext()).find(assetId);
  const embedding = await textEmbedder().embedText(text, "document");
  if (stored === undefined || embedding.kind === "refused") return Number.NaN;
  const { vector } = stored;
  const dot = vector.reduce((sum, component, i) => sum + component * (embedding.vector[i] ?? 0), 0);
  return dot / Math.hypot(...vector);
}

async function uploadImage(colour: [number, number, number]): Promise<string> {
  // A pixel of its own keeps the bytes unique.
  const nonce = crypto.getRandomValues(new Uint8Array(3));
  const png = await renderPng(32, 32, (x, y) =>
    x === 0 && y === 0 ? ([...nonce, 255] as [number, number, number, number]) : [...colour, 255],
  );
  const response = await uploadWithoutConsumer(png, { name: "colour.png" });
  return (await response.json<{ id: string }>()).id;
}

async function taskOf(
  assetId: string,
): Promise<{ status: string; result: string | null; error_message: string | null }> {
  const tasks = await (
    await call("GET", `/api/tasks/asset/${assetId}`)
  ).json<{ task_type: string; status: string; result: string | null; error_message: string | null }[]>();
  const task = tasks.find(({ task_type: type }) => type === "embedding");
  if (task === undefined) throw new Error("the asset has no embedding task");
  return task;
}

describe("the embedding task", () => {
  it("is skipped without an embedder", async () => {
    const id = await uploadImage([255, 0, 0]);
    await runPendingTasks(testContext(), id);
    expect(await taskOf(id)).toMatchObject({
      status: "success",
      result: "skipped: no embedder is configured (EMBEDDER)",
    });
  });

  it("embeds the caption that a describer wrote in the same run, and records the model", async () => {
    const id = await uploadImage([0, 255, 0]);
    await runPendingTasks(testContext({ describer, embedder: textEmbedder() }), id);
    expect(await taskOf(id)).toMatchObject({ status: "success", result: "words#64" });
    expect(await similarity(id, "A falcon on a post.")).toBeGreaterThan(0.99);
  });

  it("runs again when a caption comes later, from a describer or a user", async () => {
    const id = await uploadImage([0, 0, 255]);
    const embedder = textEmbedder();
    let attempts = 0;
    const late: Describer = {
      describe: () => {
        attempts += 1;
        return attempts === 1
          ? Promise.reject(new Error("busy"))
          : describer.describe({ bytes: new Uint8Array(), mimeType: "" });
      },
    };
    const context = testContext({ describer: late, embedder });
    await runPendingTasks(context, id);
    expect([await spaceOf(id), (await taskOf(id)).result]).toEqual([
      null,
      "skipped: the asset has no caption or place",
    ]);
    await runPendingTasks({ ...context, nowMs: context.nowMs + 60_000 }, id);
    expect(await similarity(id, "A falcon on a post.")).toBeGreaterThan(0.99);

    const queue = recordingQueue();
    await call("PATCH", `/api/assets/${id}`, {
      json: { description: "My bird" },
      env: { ...settings, QUEUE: queue.binding },
    });
    expect((await taskOf(id)).status).toBe("pending");
    expect(queue.sent).toContainEqual({ assetId: id });
    await runPendingTasks(testContext({ embedder, nowMs: Date.now() + 120_000 }), id);
    expect(await similarity(id, "My bird A falcon on a post.")).toBeGreaterThan(0.99);
  });

  it("leaves the tasks of a changed caption alone without an embedder of texts", async () => {
    const id = await uploadImage([9, 9, 9]);
    await runPendingTasks(testContext(), id);
    const queue = recordingQueue();
    await call("PATCH", `/api/assets/${id}`, { json: { description: "x" }, env: { QUEUE: queue.binding } });
    expect((await taskOf(id)).status).toBe("success");
    expect(queue.sent).not.toContainEqual({ assetId: id });
  });

  it("embeds the preview of a photo, and once only", async () => {
    const id = await uploadImage([255, 0, 0]);
    const asset = await assetOf(id);
    const context = testContext({ embedder: imageEmbedder() });
    expect(await runEmbedding(context, asset)).toEqual({ kind: "done", result: "words#64" });
    expect(await similarity(id, "red")).toBeGreaterThan(0.99);
    expect(await runEmbedding(context, asset)).toEqual({ kind: "done", result: "unchanged" });
    expect(await runEmbedding(context, { ...asset, mediaType: "video" })).toMatchObject({ kind: "skipped" });
  });

  it.each(["short", "zero", "not-a-number", "huge", "malformed", "server-error", "disconnect", "slow"])(
    "is retried, and recorded as failed at last, when the embedder is %s",
    async (model) => {
      const asset = await storeAsset("prairie_falcon.jpg");
      const context = testContext({ embedder: imageEmbedder(model) });
      await env.DB.prepare(
        "UPDATE asset_tasks SET tasks = json_object('embedding', json_extract(tasks, '$.embedding')) WHERE asset_id = ?",
      )
        .bind(asset.id)
        .run();
      let nowMs = Date.now();
      for (let run = 0; run < 7; run++) {
        await runPendingTasks({ ...context, nowMs }, asset.id);
        nowMs += 3_600_000;
      }
      const task = await taskOf(asset.id);
      expect(task.status).toBe("failure");
      expect(task.error_message).toMatch(/^the embedder/);
      expect(await spaceOf(asset.id)).toBeNull();
    },
  );

  it("waits as long as Retry-After says", async () => {
    const id = await uploadImage([1, 2, 3]);
    const context = testContext({ embedder: imageEmbedder("rate-limited") });
    await expect(runEmbedding(context, await assetOf(id))).rejects.toMatchObject({ retryAfterSeconds: 17 });
  });
});

describe("a change of the model", () => {
  it("embeds every asset again, once, by scheduled runs", async () => {
    const id = await uploadImage([200, 0, 0]);
    await runPendingTasks(testContext({ embedder: imageEmbedder() }), id);
    const queue = recordingQueue();
    const context = testContext({ embedder: imageEmbedder("words-2"), queue: queue.binding });
    expect(await embedMissing(context)).toBeGreaterThan(0);
    expect(queue.sent).toContainEqual({ assetId: id });
    await runPendingTasks({ ...context, nowMs: Date.now() + 60_000 }, id);
    expect(await spaceOf(id)).toBe("words-2#64");
    expect(await embedMissing(context)).toBe(0);
    expect(await embedMissing(testContext())).toBe(0);
  });
});

describe("the vector of an asset", () => {
  it("is deleted with the asset, and by the sweep if that was missed", async () => {
    const id = await uploadImage([100, 0, 0]);
    const missedId = await uploadImage([100, 0, 1]);
    const context = testContext({ embedder: imageEmbedder() });
    await runEmbedding(context, await assetOf(id));
    await runEmbedding(context, await assetOf(missedId));
    await call("DELETE", `/api/assets/${id}`);
    expect(await spaceOf(id)).toBeNull();
    await env.DB.prepare("DELETE FROM assets WHERE id = ?").bind(missedId).run();
    expect(await spaceOf(missedId)).not.toBeNull();
    expect(await sweepVectors(testContext())).toBe(2);
    expect(await spaceOf(missedId)).toBeNull();
  });

  it("is deleted in one round trip", async () => {
    const context = testContext({ embedder: imageEmbedder() });
    const ids = [await uploadImage([1, 0, 0]), await uploadImage([2, 0, 0])];
    for (const id of ids) await runEmbedding(context, await assetOf(id));
    const searchDatabase = countingD1(env.SEARCH_DB);
    await call("DELETE", "/api/assets", { json: { ids }, env: { SEARCH_DB: searchDatabase.binding } });
    expect(searchDatabase.counts.roundTrips).toBe(1);
    expect(await Promise.all(ids.map(spaceOf))).toEqual([null, null]);
  });

  it("moves with the asset to another library", async () => {
    const ids = [await uploadImage([0, 100, 0]), await uploadImage([0, 101, 0])];
    const context = testContext({ embedder: imageEmbedder() });
    for (const id of ids) await runEmbedding(context, await assetOf(id));
    const { libraryId } = await getRootOwner();
    const destination = await createLibrary();
    const move = { asset_ids: ids, source_library_id: libraryId, destination_library_id: destination };
    const before = await Promise.all(ids.map(async (id) => await blockIndex(testContext()).find(id)));
    const searchDatabase = countingD1(env.SEARCH_DB);
    const response = await call("POST", "/api/assets/move", { json: move, env: { SEARCH_DB: searchDatabase.binding } });
    expect(response.status).toBe(200);
    // The vectors are read, then written together.
    expect(searchDatabase.counts.roundTrips).toBe(2);
    const after = await Promise.all(ids.map(async (id) => await blockIndex(testContext()).find(id)));
    expect(after).toEqual(
      before.map(({ content, appearance }) => ({
        content: { ...content, libraryId: destination },
        appearance: { ...appearance, libraryId: destination },
      })),
    );
  });
});
