import { env } from "cloudflare:workers";
import { thumbHashToApproximateAspectRatio, thumbHashToAverageRGBA } from "thumbhash";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { originalKey } from "../../../../src/objects/keys.ts";
import * as handlers from "../../../../src/operations/tasks/handlers/thumbhash.ts";
import { NO_POSTER } from "../../../../src/operations/delivery/displaySource.ts";
import { runPendingTasks } from "../../../../src/operations/tasks/taskRunner.ts";
import { getRootOwner, sqlAll } from "../../../support/clients/account.ts";
import { expectAsset, type AssetResponse } from "../../../support/clients/responses.ts";
import { plainPng } from "../../../support/media/pngs.ts";
import { uploadWithoutConsumer } from "../../../support/clients/uploads.ts";
import { reloadAsset, storeAsset } from "../../../support/storeAsset.ts";
import { sampleBytes } from "../../../fixtures/media/samples.ts";
import { applied } from "../../../support/applied.ts";
import { testContext } from "../../../support/context.ts";
import type { Context } from "../../../../src/operations/context.ts";
import { keepTasks, tasksByType, type TaskRow } from "../../../support/rows/taskRows.ts";

const runThumbhash = applied(handlers.runThumbhash);

const NOW = 1_800_000_000_000;

function contextAtNow(changes: Partial<Context> = {}): Context {
  return testContext({ nowMs: NOW, ...changes });
}

/** Uploads a photo and removes its other tasks so that events come from the thumbhash alone. */
async function uploaded(bytes: Uint8Array | string, name = "photo.jpg"): Promise<AssetResponse> {
  const asset = await expectAsset(await uploadWithoutConsumer(bytes, { name }), 201);
  await keepTasks(asset.id, ["thumbhash"]);
  return asset;
}

async function taskOf(asset: AssetResponse): Promise<TaskRow | undefined> {
  return (await tasksByType(asset.id))["thumbhash"];
}

async function thumbhashOf(asset: AssetResponse): Promise<string | null> {
  const [row] = await sqlAll("SELECT thumbhash FROM assets WHERE id = ?", asset.id);
  return typeof row?.thumbhash === "string" ? row.thumbhash : null;
}

async function hashBytes(asset: AssetResponse): Promise<Uint8Array> {
  return Uint8Array.from(atob((await thumbhashOf(asset)) ?? ""), (letter) => letter.charCodeAt(0));
}

async function updateEvents(asset: AssetResponse): Promise<unknown[]> {
  return await sqlAll("SELECT payload FROM events WHERE entity_id = ? AND event_type = 'asset_updated'", asset.id);
}

beforeAll(async () => {
  await getRootOwner();
});
beforeEach(() => {
  // The runner's clock starts at NOW and advances in real time.
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  for (const method of ["warn", "log"] as const) vi.spyOn(console, method).mockImplementation(() => {});
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("the thumbhash of an upload", () => {
  it.each(["0011_Landscape_6.jpg", "0025_density_plot.png", "denali.webp", "0010_test.gif"])(
    "is computed for %s",
    async (name) => {
      const asset = await uploaded(await sampleBytes(name), name);
      expect(await runPendingTasks(contextAtNow(), asset.id)).toBeNull();
      expect(await taskOf(asset)).toMatchObject({
        status: "success",
        started_at: NOW,
        completed_at: NOW,
        error_message: null,
      });
      const shape = thumbHashToApproximateAspectRatio(await hashBytes(asset));
      expect(shape > 1).toBe(asset.width > asset.height);
      expect(await updateEvents(asset)).toEqual([{ payload: '{"stack_id":null}' }]);
      expect(await sqlAll("SELECT updated_at FROM assets WHERE id = ?", asset.id)).toEqual([{ updated_at: NOW }]);
    },
  );

  it("encodes transparency", async () => {
    const asset = await uploaded(await plainPng(120, 60, [250, 0, 0, 128]), "glass.png");
    await runPendingTasks(contextAtNow(), asset.id);
    const { r, a } = thumbHashToAverageRGBA(await hashBytes(asset));
    expect(r).toBeGreaterThan(0.8);
    expect(a).toBeCloseTo(0.5, 1);
  });

  it("is computed once and has one event when run twice or concurrently", async () => {
    const asset = await uploaded(await plainPng(30, 30, [1, 200, 3, 255]), "a.png");
    await Promise.all([runPendingTasks(contextAtNow(), asset.id), runPendingTasks(contextAtNow(), asset.id)]);
    const settled = await taskOf(asset);
    expect(await runPendingTasks(contextAtNow({ nowMs: NOW + 1000 }), asset.id)).toBeNull();
    expect(await taskOf(asset)).toEqual(settled);
    expect(await updateEvents(asset)).toHaveLength(1);
  });

  it("is discarded when an edited version replaced the image meanwhile", async () => {
    const asset = await uploaded(await plainPng(31, 31, [1, 2, 3, 255]), "a.png");
    const bucket = new Proxy(env.BUCKET, {
      get(target, name) {
        if (name !== "get") return Reflect.get(target, name) as unknown;
        return async (key: string) => {
          await sqlAll("UPDATE assets SET current_version_id = 'asset_version_new' WHERE id = ?", asset.id);
          return await target.get(key);
        };
      },
    });
    await runPendingTasks(contextAtNow({ bucket }), asset.id);
    expect(await thumbhashOf(asset)).toBeNull();
    expect(await updateEvents(asset)).toEqual([]);
  });

  it("fails with a reason for an unreadable file and for a missing original", async () => {
    const unreadable = await storeAsset("notes.jpg", new TextEncoder().encode("Dear diary, this is no picture."));
    expect(await runThumbhash(contextAtNow(), unreadable)).toMatchObject({
      kind: "failed",
      reason: expect.stringMatching(/^Images cannot read it: .*unsupported.*$/),
    });
    const withoutOriginal = await storeAsset("picasa.jpg");
    await env.BUCKET.delete(originalKey(withoutOriginal.id, withoutOriginal.currentVersionId));
    const reason = "the original is missing from the bucket";
    expect(await runThumbhash(contextAtNow(), withoutOriginal)).toEqual({ kind: "failed", reason });
    for (const asset of [unreadable, withoutOriginal]) expect((await reloadAsset(asset)).thumbhash).toBeNull();
  });

  it("is skipped for a video without a poster", async () => {
    const video = await storeAsset("video_rotate.mp4");
    expect(await runThumbhash(contextAtNow(), video)).toEqual({ kind: "skipped", reason: NO_POSTER });
  });
});
