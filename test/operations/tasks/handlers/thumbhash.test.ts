import { env } from "cloudflare:workers";
import { thumbHashToApproximateAspectRatio, thumbHashToAverageRGBA } from "thumbhash";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { originalKey } from "../../../../src/objects/keys.ts";
import type { WorkDeps } from "../../../../src/operations/tasks/taskOutcome.ts";
import { runThumbhash } from "../../../../src/operations/tasks/handlers/thumbhash.ts";
import { workOn } from "../../../../src/operations/tasks/taskRunner.ts";
import { openDatabase } from "../../../../src/records/database.ts";
import { owner, sqlAll } from "../../../support/clients/account.ts";
import { assetOf, type AssetAnswer } from "../../../support/clients/answers.ts";
import { plainPng } from "../../../support/media/pngs.ts";
import { keptQueue } from "../../../support/bindings/queue.ts";
import { quietUpload } from "../../../support/clients/uploads.ts";
import { current, storedAsset } from "../../../support/storedAsset.ts";
import { sampleBytes } from "../../../fixtures/media/samples.ts";

const NOW = 1_800_000_000_000;

function work(changes: Partial<WorkDeps> = {}): WorkDeps {
  const db = openDatabase(env.DB, "primary");
  return { db, bucket: env.BUCKET, queue: keptQueue().binding, images: env.IMAGES, nowMs: NOW, ...changes };
}

/** With no other work to do: what is told of it comes from the thumbhash. */
async function uploaded(bytes: Uint8Array | string, name = "photo.jpg"): Promise<AssetAnswer> {
  const asset = await assetOf(await quietUpload(bytes, { name }), 201);
  await sqlAll("DELETE FROM tasks WHERE asset_id = ? AND task_type <> 'thumbhash'", asset.id);
  return asset;
}

async function taskOf(asset: AssetAnswer): Promise<Record<string, unknown> | undefined> {
  return (await sqlAll("SELECT * FROM tasks WHERE asset_id = ? AND task_type = 'thumbhash'", asset.id))[0];
}

async function thumbhashOf(asset: AssetAnswer): Promise<string | null> {
  const [row] = await sqlAll("SELECT thumbhash FROM assets WHERE id = ?", asset.id);
  return typeof row?.thumbhash === "string" ? row.thumbhash : null;
}

async function hashBytes(asset: AssetAnswer): Promise<Uint8Array> {
  return Uint8Array.from(atob((await thumbhashOf(asset)) ?? ""), (letter) => letter.charCodeAt(0));
}

async function updates(asset: AssetAnswer): Promise<unknown[]> {
  return await sqlAll("SELECT payload FROM events WHERE entity_id = ? AND event_type = 'asset_updated'", asset.id);
}

beforeAll(async () => {
  await owner();
});
beforeEach(() => {
  // The work's clock runs on from NOW by what the test takes.
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  for (const method of ["warn", "log"] as const) vi.spyOn(console, method).mockImplementation(() => {});
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("the thumbhash of an upload", () => {
  it.each(["0011_Landscape_6.jpg", "0025_density_plot.png", "0024_denali.webp", "0010_test.gif"])(
    "is made of %s",
    async (name) => {
      const asset = await uploaded(await sampleBytes(name), name);
      expect(await workOn(work(), asset.id)).toBeNull();
      expect(await taskOf(asset)).toMatchObject({
        status: "success",
        started_at: NOW,
        completed_at: NOW,
        error_message: null,
      });
      const shape = thumbHashToApproximateAspectRatio(await hashBytes(asset));
      expect(shape > 1).toBe(asset.width > asset.height);
      expect(await updates(asset)).toEqual([{ payload: '{"stack_id":null}' }]);
      expect(await sqlAll("SELECT updated_at FROM assets WHERE id = ?", asset.id)).toEqual([{ updated_at: NOW }]);
    },
  );

  it("keeps that the picture can be seen through", async () => {
    const asset = await uploaded(await plainPng(120, 60, [250, 0, 0, 128]), "glass.png");
    await workOn(work(), asset.id);
    const { r, a } = thumbHashToAverageRGBA(await hashBytes(asset));
    expect(r).toBeGreaterThan(0.8);
    expect(a).toBeCloseTo(0.5, 1);
  });

  it("asked for twice, or twice at once, is made once and told once", async () => {
    const asset = await uploaded(await plainPng(30, 30, [1, 200, 3, 255]), "a.png");
    await Promise.all([workOn(work(), asset.id), workOn(work(), asset.id)]);
    const settled = await taskOf(asset);
    expect(await workOn(work({ nowMs: NOW + 1000 }), asset.id)).toBeNull();
    expect(await taskOf(asset)).toEqual(settled);
    expect(await updates(asset)).toHaveLength(1);
  });

  it("of a version that an edit has replaced meanwhile is thrown away", async () => {
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
    await workOn(work({ bucket }), asset.id);
    expect(await thumbhashOf(asset)).toBeNull();
    expect(await updates(asset)).toEqual([]);
  });

  it("says why there is none: no picture, and a missing original", async () => {
    const diary = await storedAsset("notes.jpg", new TextEncoder().encode("Dear diary, this is no picture."));
    expect(await runThumbhash(work(), diary)).toMatchObject({
      kind: "impossible",
      reason: expect.stringMatching(/^Images cannot read it: .*unsupported.*$/),
    });
    const lost = await storedAsset("0014_picasa.jpg");
    await env.BUCKET.delete(originalKey(lost.id, lost.currentVersionId));
    const reason = "the original is missing from the bucket";
    expect(await runThumbhash(work(), lost)).toEqual({ kind: "impossible", reason });
    for (const asset of [diary, lost]) expect((await current(asset)).thumbhash).toBeNull();
  });

  it("of a video without a still is no failure: a still brings it", async () => {
    const video = await storedAsset("0026_video_rotate.mp4");
    expect(await runThumbhash(work(), video)).toEqual({ kind: "skipped", reason: "the video has no still" });
  });
});
