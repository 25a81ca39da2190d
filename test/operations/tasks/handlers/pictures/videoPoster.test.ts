import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { memorySource } from "../../../../../src/media/inspect/bytes/byteSource.ts";
import { readJpegFrame } from "../../../../../src/media/transcode/preview/jpegFrame.ts";
import { posterKey } from "../../../../../src/objects/keys.ts";
import type { Context } from "../../../../../src/operations/context.ts";
import { runVideoPoster } from "../../../../../src/operations/tasks/handlers/pictures/videoPoster.ts";
import { sampleBytes } from "../../../../fixtures/media/samples.ts";
import { testConfig, testContext } from "../../../../support/context.ts";
import { movie } from "../../../../support/media/buildVideo.ts";
import { reloadAsset, storeAsset } from "../../../../support/storeAsset.ts";

const HINT = "upload a poster with PUT /api/assets/{asset_id}/still";

/** Stores a sample, or a film of these bytes, and runs its poster task. */
async function posterTask(name: string, bytes?: Uint8Array, changes: Partial<Context> = {}) {
  const stored = await storeAsset(name, bytes);
  const outcome = await runVideoPoster(testContext(changes), stored);
  return { outcome, asset: await reloadAsset(stored) };
}

/** Media Transformations has no local simulator. */
function mediaResponding(body: string, status: number): MediaBinding {
  const result = { response: () => Promise.resolve(new Response(body, { status })) };
  return { input: () => ({ output: () => result }) } as unknown as MediaBinding;
}

describe("the poster of a film without cover art", () => {
  it("is a key frame of H.264, upright", async () => {
    const { outcome, asset } = await posterTask("IMG_7943.MOV");
    expect(outcome).toEqual({ kind: "done", result: "decoded a key frame of H.264" });
    const poster = await env.BUCKET.get(posterKey(asset.id, asset.posterVersionId ?? ""));
    expect(poster?.httpMetadata?.contentType).toBe("image/jpeg");
    const bytes = new Uint8Array((await poster?.arrayBuffer()) ?? new ArrayBuffer());
    expect(await readJpegFrame(memorySource(bytes))).toMatchObject({ width: 480, height: 640 });
  });

  it.each([
    ["recordings/chromium-h264.webm", "H.264"],
    ["recordings/chromium-vp8.webm", "VP8"],
    ["films/h264-mkv.mkv", "H.264"],
    ["films/h264-avi.avi", "H.264"],
    ["films/mjpeg-avi.avi", "Motion JPEG"],
    ["films/h264-m2ts.m2ts", "H.264"],
    ["films/mpeg2-mpg.mpg", "MPEG-2"],
  ])("is a key frame of the container: %s", async (path, codec) => {
    const bytes = await sampleBytes(`test/fixtures/${path}`);
    const { outcome, asset } = await posterTask(path.slice(path.indexOf("/") + 1), bytes);
    expect(outcome).toEqual({ kind: "done", result: `decoded a key frame of ${codec}` });
    const poster = await env.BUCKET.get(posterKey(asset.id, asset.posterVersionId ?? ""));
    expect(await readJpegFrame(memorySource(new Uint8Array((await poster?.arrayBuffer()) ?? [])))).not.toBeNull();
  });

  it("is the frame of Media Transformations where they read the film", async () => {
    const media = mediaResponding("a frame", 200);
    const { outcome } = await posterTask("video_rotate.mp4", undefined, { media });
    expect(outcome).toEqual({ kind: "done", result: "extracted a frame with Media Transformations" });
  });

  it("is a key frame if Media Transformations refuse the film", async () => {
    const media = mediaResponding("refused", 415);
    const { outcome } = await posterTask("0002_with-gps.mov", undefined, { media });
    expect(outcome).toEqual({ kind: "done", result: "decoded a key frame of H.264" });
  });

  it("is missing with the reason", async () => {
    const { outcome, asset } = await posterTask("empty.mp4", movie());
    expect(outcome).toEqual({ kind: "skipped", reason: `no key frames were found in the video; ${HINT}` });
    expect(asset.posterVersionId).toBeNull();
  });

  it("is missing with both reasons if Media Transformations refused it too", async () => {
    const media = mediaResponding("refused", 415);
    const { outcome } = await posterTask("refused.mp4", movie({ seconds: 3 }), { media });
    expect(outcome).toEqual({
      kind: "failed",
      reason: `Media Transformations responded with 415; no key frames were found in the video; ${HINT}`,
    });
  });

  it("isn't decoded on the Workers Free plan", async () => {
    const config = testConfig({ workersPlan: "free" });
    const { outcome } = await posterTask("0009_with-gps.mp4", undefined, { config });
    expect(outcome).toMatchObject({ kind: "skipped" });
    expect("reason" in outcome ? outcome.reason : "").toContain("Workers Paid plan");
  });
});
