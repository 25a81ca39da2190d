/** A picture for every sample file, in local development. */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { renditionKey } from "../../../src/objects/keys.ts";
import { findWay } from "../../../src/operations/tasks/pictureWays.ts";
import { runPendingTasks } from "../../../src/operations/tasks/taskRunner.ts";
import { VARIANT_EDGES_PX } from "../../../src/operations/delivery/variants.ts";
import { decodeRendition } from "../../../src/media/transcode/webp/decodeWebp.ts";
import { sampleBytes, sampleNames } from "../../fixtures/media/samples.ts";
import { testContext } from "../../support/context.ts";
import { tasksByType } from "../../support/rows/taskRows.ts";
import { reloadAsset, storeAsset } from "../../support/storeAsset.ts";

const PICTURE_TASKS = ["display_proxy_generation", "video_thumbnail_extract", "thumbhash"];

/** The ways that the picture tasks of a stored sample took. */
async function runPictureTasks(assetId: string): Promise<(string | null)[]> {
  await runPendingTasks(testContext(), assetId);
  const tasks = await tasksByType(assetId);
  return PICTURE_TASKS.flatMap((type) => {
    const task = tasks[type];
    if (task === undefined) return [];
    expect(task.status, `${type}: ${task.error_message}`).toBe("success");
    expect(task.result).not.toMatch(/^skipped/);
    return [findWay(task.result ?? "")];
  });
}

/** The stored renditions, whose size is checked. */
async function listRenditions(assetId: string, versionId: string): Promise<string[]> {
  const stored: string[] = [];
  for (const variant of ["thumbnail", "small", "preview"] as const) {
    const object = await env.BUCKET.get(renditionKey(assetId, versionId, variant));
    if (object === null) continue;
    const { width, height } = await decodeRendition(await object.bytes());
    expect(Math.max(width, height)).toBeLessThanOrEqual(VARIANT_EDGES_PX[variant]);
    stored.push(variant);
  }
  return stored;
}

describe("a sample file", () => {
  it.each(sampleNames)("has thumbnail, small and preview, and its tasks name the way: %s", async (name) => {
    const stored = await storeAsset(name, await sampleBytes(name));
    const ways = await runPictureTasks(stored.id);
    expect(ways.length).toBeGreaterThan(0);
    expect(ways).not.toContain(null);
    const { currentVersionId, posterVersionId } = await reloadAsset(stored);
    const shown = stored.mediaType === "video" ? (posterVersionId ?? "") : currentVersionId;
    expect(await listRenditions(stored.id, shown)).toEqual(["thumbnail", "small", "preview"]);
  });
});
