import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { renderByBinding } from "../../../src/providers/renderers/imagesBinding.ts";
import { sampleBytes } from "../../fixtures/media/samples.ts";

const damaged = [
  ["0001_exif.tif", 600],
  ["0003_cyclamen_persicum.jpg", 20_000],
  ["0020_8bit-sRGB.avif", 300],
  ["0020_8bit-sRGB.avif", 431_212],
  ["0025_density_plot.png", 10_000],
] as const;

describe("a picture that is cut short", () => {
  it.each(damaged)("is unreadable for good, in whatever format it is asked for: %s at %i", async (name, sizeBytes) => {
    const bytes = (await sampleBytes(name)).slice(0, sizeBytes);
    for (const format of ["webp", "avif", "jpeg", "png"] as const) {
      const source = { body: new Blob([bytes]).stream(), url: () => Promise.reject(new Error("needs no URL")) };
      const rendered = await renderByBinding(env.IMAGES)(source, { edgePx: 360, format });
      expect(rendered).toMatchObject({ kind: "unreadable", reason: expect.stringMatching(/^Images cannot read it: /) });
    }
  });
});
