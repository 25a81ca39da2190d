import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { qualityKeys } from "../../../../src/media/transcode/quality/quality.ts";
import { originalKey } from "../../../../src/objects/keys.ts";
import { runQuality } from "../../../../src/operations/tasks/handlers/quality.ts";
import { setMetrics } from "../../../../src/records/assets/assets.ts";
import { current, storedAsset, updateEvents, workDeps } from "../../../support/storedAsset.ts";

describe("the image_quality task", () => {
  it("writes the figures of a photo and tells the feed once, however often it runs", async () => {
    const asset = await storedAsset("0016_prairie_falcon.jpg");
    expect(asset.metrics).toEqual({});
    expect(await runQuality(workDeps(), asset)).toEqual({ kind: "done", result: null });
    const { metrics } = await current(asset);
    expect(Object.keys(metrics)).toEqual([...qualityKeys].sort());
    expect(metrics).toMatchObject({ exposure: expect.closeTo(0.64, 1), colourfulness: expect.closeTo(22.6, 0) });
    await runQuality(workDeps(), asset);
    expect((await current(asset)).metrics).toEqual(metrics);
    expect(await updateEvents(asset)).toBe(1);
  });

  it("keeps the scores that a model wrote beside them, and a figure that is null", async () => {
    const asset = await storedAsset("0003_cyclamen_persicum.jpg");
    await setMetrics(workDeps().db, asset, { aesthetic_score: 0.75, sharpness: 9 }, 1);
    await runQuality(workDeps(), asset);
    const { metrics } = await current(asset);
    expect(metrics["aesthetic_score"]).toBe(0.75);
    expect(metrics["sharpness"]).toBeLessThan(1);
    await setMetrics(workDeps().db, asset, { sharpness: null }, 2);
    expect((await current(asset)).metrics).toEqual({ ...metrics, sharpness: null });
  });

  it("leaves an asset alone that has another version by now", async () => {
    const asset = await storedAsset("0012_mongolels.jpg");
    await setMetrics(workDeps().db, { ...asset, currentVersionId: "asset_version_older" }, { sharpness: 1 }, 1);
    expect((await current(asset)).metrics).toEqual({});
    expect(await updateEvents(asset)).toBe(0);
  });

  it("says why there are no figures: no picture, and a missing original", async () => {
    const text = new TextEncoder().encode("this is no picture at all");
    const broken = await storedAsset("broken.jpg", text);
    expect(await runQuality(workDeps(), broken)).toMatchObject({ kind: "impossible", reason: expect.any(String) });
    const lost = await storedAsset("0014_picasa.jpg");
    await env.BUCKET.delete(originalKey(lost.id, lost.currentVersionId));
    expect(await runQuality(workDeps(), lost)).toMatchObject({
      kind: "impossible",
      reason: expect.stringMatching(/missing/),
    });
    expect((await current(lost)).metrics).toEqual({});
  });

  it("waits for the still of a video without calling that a failure", async () => {
    const video = await storedAsset("0026_video_rotate.mp4");
    expect(await runQuality(workDeps(), video)).toMatchObject({
      kind: "skipped",
      reason: expect.stringMatching(/still/),
    });
  });
});
