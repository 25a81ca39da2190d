import { env } from "cloudflare:workers";
import { describe, expect, inject, it } from "vitest";
import { runDescription } from "../../../../src/operations/tasks/handlers/description.ts";
import type { Describer, Description, PictureFile } from "../../../../src/providers/describers/describer.ts";
import { openAiCompatibleDescriber } from "../../../../src/providers/describers/openAiCompatible.ts";
import { current, storedAsset, updateEvents, workDeps } from "../../../support/storedAsset.ts";

/** Answers what it is told to, and keeps what it was sent. */
function saying(description: Description): { describer: Describer; sent: PictureFile[] } {
  const sent: PictureFile[] = [];
  const answer = (picture: PictureFile): Promise<Description> => {
    sent.push(picture);
    return Promise.resolve(description);
  };
  return { describer: { describe: answer }, sent };
}

describe("the asset_description task", () => {
  it("is skipped where no describer is configured, and the description stays null", async () => {
    const asset = await storedAsset("0014_picasa.jpg");
    expect(await runDescription(workDeps(), asset, null)).toEqual({
      kind: "skipped",
      reason: "no describer is configured (DESCRIBER)",
    });
    expect((await current(asset)).description).toBeNull();
  });

  it("writes the caption of a real endpoint and tells the feed once, however often it runs", async () => {
    const asset = await storedAsset("0016_prairie_falcon.jpg");
    const settings = { baseUrl: inject("modelServerUrl"), model: "caption", apiKey: null, prompt: "?" };
    const describer = openAiCompatibleDescriber(settings);
    expect(await runDescription(workDeps(), asset, describer)).toEqual({ kind: "done", result: null });
    await runDescription(workDeps(), asset, describer);
    expect((await current(asset)).description).toBe("A falcon on a post. Sharp and well lit.");
    expect(await updateEvents(asset)).toBe(1);
  });

  it("writes an empty description when the model declines", async () => {
    const asset = await storedAsset("0017_thompson-springs.jpg");
    const { describer } = saying({ kind: "declined" });
    expect(await runDescription(workDeps(), asset, describer)).toEqual({ kind: "done", result: "the model declined" });
    expect((await current(asset)).description).toBe("");
  });

  it("sends an upright JPEG of the preview's size without the photo's metadata, never the original", async () => {
    // Stored on its side, 1800 × 1200, with EXIF orientation 8.
    const asset = await storedAsset("0023_Portrait_8.jpg");
    const { describer, sent } = saying({ kind: "text", text: "A portrait." });
    await runDescription(workDeps(), asset, describer);
    expect(sent).toHaveLength(1);
    const bytes = sent[0]?.bytes ?? new Uint8Array();
    expect(sent[0]?.mimeType).toBe("image/jpeg");
    expect([...bytes.subarray(0, 3)]).toEqual([0xff, 0xd8, 0xff]);
    expect(new TextDecoder("latin1").decode(bytes)).not.toMatch(/Exif\0|http:\/\/ns\.adobe\.com/);
    const info = await env.IMAGES.info(new Blob([bytes]).stream());
    expect(info).toMatchObject({ format: "image/jpeg", width: 960, height: 1440 });
  });

  it.each(["misconfigured", "unreadable"] as const)("fails with the describer's reason, and once: %s", async (kind) => {
    const asset = await storedAsset("0007_el_torcal_rocks.jpg");
    const { describer } = saying({ kind, reason: "the describer answered 401" });
    expect(await runDescription(workDeps(), asset, describer)).toEqual({
      kind: "impossible",
      reason: "the describer answered 401",
    });
    expect((await current(asset)).description).toBeNull();
  });

  it("throws what may pass, so that the task is tried again", async () => {
    const asset = await storedAsset("0003_cyclamen_persicum.jpg");
    const settings = { baseUrl: inject("modelServerUrl"), model: "broken", apiKey: null, prompt: "?" };
    await expect(runDescription(workDeps(), asset, openAiCompatibleDescriber(settings))).rejects.toThrow("500");
    expect((await current(asset)).description).toBeNull();
  });

  it("says why there is no description of what is no picture, without asking anyone", async () => {
    const asset = await storedAsset("broken.jpg", new TextEncoder().encode("no picture"));
    const { describer, sent } = saying({ kind: "text", text: "?" });
    expect(await runDescription(workDeps(), asset, describer)).toMatchObject({ kind: "impossible" });
    expect(sent).toEqual([]);
  });
});
