import { env } from "cloudflare:workers";
import { describe, expect, inject, it } from "vitest";
import * as handlers from "../../../../src/operations/tasks/handlers/description.ts";
import type { Describer, Description, ImageFile } from "../../../../src/providers/describers/describer.ts";
import { openAiCompatibleDescriber } from "../../../../src/providers/describers/openAiCompatible.ts";
import { reloadAsset, storeAsset, countUpdateEvents } from "../../../support/storeAsset.ts";
import { applied } from "../../../support/applied.ts";
import { testContext } from "../../../support/context.ts";

const runDescription = applied(handlers.runDescription);

/** Describer that returns `description` and records the images that it receives. */
function describerReturning(description: Description): { describer: Describer; sent: ImageFile[] } {
  const sent: ImageFile[] = [];
  const answer = (picture: ImageFile): Promise<Description> => {
    sent.push(picture);
    return Promise.resolve(description);
  };
  return { describer: { describe: answer }, sent };
}

describe("the asset_description task", () => {
  it("is skipped without a describer and leaves the description null", async () => {
    const asset = await storeAsset("picasa.jpg");
    expect(await runDescription(testContext(), asset)).toEqual({
      kind: "skipped",
      reason: "no describer is configured (DESCRIBER)",
    });
    expect((await reloadAsset(asset)).description).toBeNull();
  });

  it("stores the caption of an HTTP endpoint and writes one event when it runs repeatedly", async () => {
    const asset = await storeAsset("prairie_falcon.jpg");
    const settings = { baseUrl: inject("modelServerUrl"), model: "caption", apiKey: null, prompt: "?" };
    const describer = openAiCompatibleDescriber(settings);
    expect(await runDescription(testContext({ describer }), asset)).toEqual({ kind: "done", result: null });
    await runDescription(testContext({ describer }), await reloadAsset(asset));
    expect((await reloadAsset(asset)).description).toBe("A falcon on a post. Sharp and well lit.");
    expect(await countUpdateEvents(asset)).toBe(1);
  });

  it("stores an empty description when the model declines", async () => {
    const asset = await storeAsset("thompson-springs.jpg");
    const { describer } = describerReturning({ kind: "declined" });
    expect(await runDescription(testContext({ describer }), asset)).toEqual({
      kind: "done",
      result: "the model declined",
    });
    expect((await reloadAsset(asset)).description).toBe("");
  });

  it("sends an upright preview-sized JPEG without metadata instead of the original", async () => {
    // Stored rotated as 1800 × 1200 with EXIF orientation 8.
    const asset = await storeAsset("Portrait_8.jpg");
    const { describer, sent } = describerReturning({ kind: "text", text: "A portrait." });
    await runDescription(testContext({ describer }), asset);
    expect(sent).toHaveLength(1);
    const bytes = sent[0]?.bytes ?? new Uint8Array();
    expect(sent[0]?.mimeType).toBe("image/jpeg");
    expect([...bytes.subarray(0, 3)]).toEqual([0xff, 0xd8, 0xff]);
    expect(new TextDecoder("latin1").decode(bytes)).not.toMatch(/Exif\0|http:\/\/ns\.adobe\.com/);
    const info = await env.IMAGES.info(new Blob([bytes]).stream());
    expect(info).toMatchObject({ format: "image/jpeg", width: 960, height: 1440 });
  });

  it.each(["misconfigured", "unreadable"] as const)(
    "fails without a retry and with the describer's reason: %s",
    async (kind) => {
      const asset = await storeAsset("el_torcal_rocks.jpg");
      const { describer } = describerReturning({ kind, reason: "the describer answered 401" });
      expect(await runDescription(testContext({ describer }), asset)).toEqual({
        kind: "failed",
        reason: "the describer answered 401",
      });
      expect((await reloadAsset(asset)).description).toBeNull();
    },
  );

  it("throws temporary errors so that the task is retried", async () => {
    const asset = await storeAsset("cyclamen_persicum.jpg");
    const settings = { baseUrl: inject("modelServerUrl"), model: "server-error", apiKey: null, prompt: "?" };
    await expect(
      runDescription(testContext({ describer: openAiCompatibleDescriber(settings) }), asset),
    ).rejects.toThrow("500");
    expect((await reloadAsset(asset)).description).toBeNull();
  });

  it("fails with a reason for a file without an image and does not call the describer", async () => {
    const asset = await storeAsset("broken.jpg", new TextEncoder().encode("no picture"));
    const { describer, sent } = describerReturning({ kind: "text", text: "?" });
    expect(await runDescription(testContext({ describer }), asset)).toMatchObject({ kind: "failed" });
    expect(sent).toEqual([]);
  });
});
