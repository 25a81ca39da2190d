import { describe, expect, it } from "vitest";
import { memorySource } from "../../../../src/media/inspect/bytes/byteSource.ts";
import type { RgbaImage } from "../../../../src/media/transcode/rgbaImage.ts";
import { findPosterFrame } from "../../../../src/media/transcode/video/posterFrame.ts";
import { refusals } from "../../../fixtures/films/refusals.ts";
import {
  colourDistance,
  cornerColours,
  expectedFrame,
  filmBytes,
  filmName,
  filmSet,
  meanColour,
  PATCH_COLOURS,
} from "../../../support/media/filmSet.ts";
import { ssim } from "../../../support/media/ssim.ts";

const EDGE_PX = 1440;

const MIN_SSIM = 0.98;
/** Differences of a channel, of 255: of the whole picture, and of a patch with few coded bits. */
const MAX_MEAN_DISTANCE = 2;
const MAX_PATCH_DISTANCE = 8;
/** The film's patches differ from those drawn: lossy coding, diffuse white of 0.9 in HDR. */
const MAX_DRAWN_DISTANCE = 36;

/** Films without the colours of the drawn patches. */
const UNCOLOURED = new Set(["h264-grey", "av1-grey", "h264-black"]);

const named = filmSet.map((film) => [filmName(film), film] as const);
const shown = named.filter(([name]) => !refusals.has(name));
const refused = named.filter(([name]) => refusals.has(name));

function wholeColour(image: RgbaImage) {
  return meanColour(image, { x: 0, y: 0, width: image.width, height: image.height });
}

describe("posters of films", () => {
  it.each(shown)("show the frame that ffmpeg decodes: %s", async (name, film) => {
    const poster = await findPosterFrame(memorySource(await filmBytes(film)), EDGE_PX);
    if (poster.kind === "unsupported") throw new Error(poster.reason);
    const { image } = poster;
    const expected = await expectedFrame(film);
    expect([image.width, image.height]).toEqual([expected.width, expected.height]);
    expect(ssim(image, expected)).toBeGreaterThanOrEqual(MIN_SSIM);
    expect(colourDistance(wholeColour(image), wholeColour(expected))).toBeLessThanOrEqual(MAX_MEAN_DISTANCE);
    const corners = cornerColours(image);
    for (const [i, corner] of cornerColours(expected).entries())
      expect(colourDistance(corners[i] ?? [0, 0, 0], corner)).toBeLessThanOrEqual(MAX_PATCH_DISTANCE);
    if (UNCOLOURED.has(name)) return;
    for (const [i, drawn] of PATCH_COLOURS.entries())
      expect(colourDistance(corners[i] ?? [0, 0, 0], drawn)).toBeLessThanOrEqual(MAX_DRAWN_DISTANCE);
  });

  it.each(refused)("are refused with the reason: %s", async (name, film) => {
    const poster = await findPosterFrame(memorySource(await filmBytes(film)), EDGE_PX);
    expect(poster).toEqual({ kind: "unsupported", reason: refusals.get(name) });
  });

  it("are refused only of films that exist", () => {
    expect([...refusals.keys()].filter((name) => !filmSet.some((film) => filmName(film) === name))).toEqual([]);
  });
});
