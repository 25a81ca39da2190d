import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { qualityKeys } from "../../../../src/media/transcode/quality/qualityMetrics.ts";
import { originalKey } from "../../../../src/objects/keys.ts";
import * as handlers from "../../../../src/operations/tasks/handlers/quality.ts";
import { reloadAsset, storeAsset, countUpdateEvents } from "../../../support/storeAsset.ts";
import { applied, storeChange } from "../../../support/applied.ts";
import { testContext } from "../../../support/context.ts";

const runQualityScoring = applied(handlers.runQualityScoring);

describe("the quality_scoring task", () => {
  it("stores the metrics of a photo and writes one event when it runs repeatedly", async () => {
    const asset = await storeAsset("prairie_falcon.jpg");
    expect(asset.metrics).toEqual({});
    expect(await runQualityScoring(testContext(), asset)).toEqual({ kind: "done", result: null });
    const { metrics } = await reloadAsset(asset);
    expect(Object.keys(metrics)).toEqual([...qualityKeys].sort());
    expect(metrics).toMatchObject({ exposure: expect.closeTo(0.64, 1), colourfulness: expect.closeTo(21.3, 0) });
    await runQualityScoring(testContext(), await reloadAsset(asset));
    expect((await reloadAsset(asset)).metrics).toEqual(metrics);
    expect(await countUpdateEvents(asset)).toBe(1);
  });

  it("keeps scores that a model wrote, and null metrics", async () => {
    const asset = await storeAsset("cyclamen_persicum.jpg");
    await storeChange(testContext(), asset, { metrics: { aesthetic_score: 0.75, sharpness: 9 } });
    await runQualityScoring(testContext(), await reloadAsset(asset));
    const { metrics } = await reloadAsset(asset);
    expect(metrics["aesthetic_score"]).toBe(0.75);
    expect(metrics["sharpness"]).toBeLessThan(1);
    await storeChange(testContext(), await reloadAsset(asset), { metrics: { sharpness: null } });
    expect((await reloadAsset(asset)).metrics).toEqual({ ...metrics, sharpness: null });
  });

  it("writes nothing when the asset has a newer version", async () => {
    const asset = await storeAsset("mongolels.jpg");
    const older = { ...asset, currentVersionId: "asset_version_older" };
    expect(await storeChange(testContext(), older, { metrics: { sharpness: 1 } })).toBe(false);
    expect((await reloadAsset(asset)).metrics).toEqual({});
    expect(await countUpdateEvents(asset)).toBe(0);
  });

  it("fails with a reason for an unreadable file and for a missing original", async () => {
    const text = new TextEncoder().encode("this is no picture at all");
    const broken = await storeAsset("broken.jpg", text);
    expect(await runQualityScoring(testContext(), broken)).toMatchObject({
      kind: "failed",
      reason: expect.any(String),
    });
    const withoutOriginal = await storeAsset("picasa.jpg");
    await env.BUCKET.delete(originalKey(withoutOriginal.id, withoutOriginal.currentVersionId));
    expect(await runQualityScoring(testContext(), withoutOriginal)).toMatchObject({
      kind: "failed",
      reason: expect.stringMatching(/missing/),
    });
    expect((await reloadAsset(withoutOriginal)).metrics).toEqual({});
  });

  it("is skipped for a video without a poster", async () => {
    const video = await storeAsset("video_rotate.mp4");
    expect(await runQualityScoring(testContext(), video)).toMatchObject({
      kind: "skipped",
      reason: expect.stringMatching(/poster/),
    });
  });
});
