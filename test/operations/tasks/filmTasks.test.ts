/** Films from the upload through the queue to their pictures, and films that have none. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { decodeRendition } from "../../../src/media/transcode/webp/decodeWebp.ts";
import { renditionKey } from "../../../src/objects/keys.ts";
import { deliver, runSchedule } from "../../support/bindings/consumer.ts";
import { recordingQueue } from "../../support/bindings/queue.ts";
import { getRootOwner, sqlAll } from "../../support/clients/account.ts";
import { call, upload } from "../../support/clients/api.ts";
import { expectAsset, type AssetResponse } from "../../support/clients/responses.ts";
import { colourDistance, cornerColours, filmBytes, PATCH_COLOURS } from "../../support/media/filmSet.ts";
import { hostileFilms } from "../../support/media/hostileFilms.ts";
import { makeDue, tasksByType } from "../../support/rows/taskRows.ts";

/** Of the colours of the patches: lossy coding, twice, and HDR. */
const MAX_COLOUR_DISTANCE = 40;

/** Uploads a film and delivers the messages of the upload. */
async function processed(bytes: Uint8Array, name: string): Promise<AssetResponse> {
  const { binding, sent } = recordingQueue();
  const asset = await expectAsset(await upload(bytes, { name, env: { QUEUE: binding } }), 201);
  expect(sent).toHaveLength(1);
  expect(await deliver(sent)).toMatchObject({ acknowledged: 1, retryDelays: [] });
  return asset;
}

async function posterOf({ id }: AssetResponse) {
  return (await tasksByType(id))["video_thumbnail_extract"];
}

beforeAll(async () => {
  await getRootOwner();
});

describe("a film that is uploaded", () => {
  it.each([
    ["vp9-mp4-fragments.mp4", "decoded a key frame of VP9"],
    ["av1-webm.webm", "decoded a key frame of AV1"],
    ["vp8-live.webm", "decoded a key frame of VP8"],
    ["hevc-mov.mov", "decoded a key frame of HEVC"],
    ["h264-m2ts.m2ts", "decoded a key frame of H.264"],
    ["mjpeg-avi.avi", "decoded a key frame of Motion JPEG"],
  ])("has an upright poster and its renditions: %s", async (file, result) => {
    const asset = await processed(await filmBytes({ file }), file);
    expect(await posterOf(asset)).toMatchObject({ status: "success", result, retry_count: 0 });
    const stored = await (await call("GET", `/api/assets/${asset.id}`)).json<AssetResponse>();
    const thumbnail = await call("GET", stored.asset_urls?.["thumbnail_image"]?.url ?? "", { token: null });
    expect(thumbnail.status).toBe(200);
    const image = await decodeRendition(await thumbnail.bytes());
    for (const [i, corner] of cornerColours(image).entries())
      expect(colourDistance(corner, PATCH_COLOURS[i] ?? [0, 0, 0])).toBeLessThan(MAX_COLOUR_DISTANCE);
    const [row] = await sqlAll("SELECT poster_version_id FROM assets WHERE id = ?", asset.id);
    const version = String(row?.["poster_version_id"]);
    for (const variant of ["thumbnail", "small", "preview"] as const)
      expect(await env.BUCKET.head(renditionKey(asset.id, version, variant))).not.toBeNull();
  });
});

/** Of each container; the others have sizes that the search reads, or take as long as it. */
const UPLOADED = [
  "MP4 with 2 ** 32 samples",
  "fragments behind the end",
  "HEVC with a configuration of ones",
  "Matroska that seeks itself",
  "Matroska whose index points at the index",
  "AVI with an index of indexes of itself",
];

describe("a hostile film that is uploaded", () => {
  it.each(UPLOADED)("is stored, and its poster task ends once with the reason: %s", async (name) => {
    const film = hostileFilms.find((one) => one.name === name);
    if (film === undefined) throw new Error("no such film");
    const source = await film.source();
    const asset = await processed(await source.read(0, source.sizeBytes), "film.mp4");
    const ended = await posterOf(asset);
    expect(ended?.result).toContain(film.reason);
    expect(ended).toMatchObject({ status: "success", retry_count: 0 });
    // Neither the schedule nor another message starts it again.
    await makeDue(asset.id);
    const { binding, sent } = recordingQueue();
    await runSchedule({ QUEUE: binding });
    expect(JSON.stringify(sent)).not.toContain(asset.id);
    await deliver([{ assetId: asset.id }]);
    expect(await posterOf(asset)).toEqual(ended);
  });
});
