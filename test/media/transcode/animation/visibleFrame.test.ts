import { describe, expect, it } from "vitest";
import { memorySource } from "../../../../src/media/inspect/bytes/byteSource.ts";
import { hasFurtherFrames } from "../../../../src/media/transcode/animation/hasFurtherFrames.ts";
import { isBlank } from "../../../../src/media/transcode/animation/canvas.ts";
import { encodePng } from "../../../../src/media/transcode/png/encodePng.ts";
import { sampleBytes } from "../../../fixtures/media/samples.ts";
import { animationBytes, familyOf, visibleFrame } from "../../../support/media/animations.ts";
import { difference } from "../../../support/media/pixelImages.ts";
import { concatenate } from "../../../support/media/renderedImage.ts";
import { renderedImage, scaledImage } from "../../../support/media/scaledImages.ts";

const expectedImage = async (name: string) =>
  await scaledImage(await animationBytes(`expected-${name}.png`), "png", 1440);

describe("the visible frame of an animation", () => {
  it.each([
    ["black-first.gif", "black-first", 3, 0],
    ["black-first.png", "test-source", 3, 0],
    ["white-first.webp", "test-source", 1, 9],
    ["transparent-first.gif", "disc", 2, 128],
    ["transparent-first.webp", "disc", 1, 0],
    ["transparent-first.png", "disc", 2, 0],
    ["previous.gif", "disc-2", 2, 128],
    ["parts.gif", "parts", 1, 0],
    ["interlaced.gif", "interlaced", 0, 0],
  ])("is the first of %s that isn't blank", async (name, expected, index, mean) => {
    const bytes = await animationBytes(name);
    const found = await visibleFrame(bytes, familyOf(name));
    if (found === null) throw new Error("no visible frame");
    expect(found.index).toBe(index);
    const { image } = found;
    const reference = await expectedImage(expected);
    // A GIF has no half-transparent pixels: those at the edge of the disc differ.
    if (mean === 128) {
      const wrong = [...image.rgba.keys()].filter((i) => i % 4 === 3 && image.rgba[i] !== reference.rgba[i]);
      expect(wrong.length).toBeLessThan(150);
      expect([...image.rgba.subarray((32 * 96 + 30) * 4, (32 * 96 + 30) * 4 + 4)]).toEqual([
        ...reference.rgba.subarray((32 * 96 + 30) * 4, (32 * 96 + 30) * 4 + 4),
      ]);
    } else expect(difference(image, reference).mean).toBeLessThanOrEqual(mean);
  });

  it("is none if all frames have one colour", async () => {
    expect(await visibleFrame(await animationBytes("all-blank.gif"), "gif")).toBeNull();
  });

  it("is the first frame of a GIF that the renderer shows", async () => {
    const bytes = await sampleBytes("0010_test.gif");
    const found = await visibleFrame(bytes, "gif");
    expect(found?.index).toBe(0);
    if (found !== null)
      expect(difference(found.image, await renderedImage(bytes, found.image.width)).mean).toBeLessThan(1);
  });

  it("is shown as far as a truncated file goes", async () => {
    const bytes = await animationBytes("black-first.gif");
    const found = await visibleFrame(bytes.subarray(0, 2500), "gif");
    expect(found?.index).toBe(3);
  });
});

describe("hasFurtherFrames", () => {
  it.each(["black-first.gif", "black-first.png", "white-first.webp", "transparent-first.webp", "parts.gif"])(
    "is true for %s",
    async (name) => {
      expect(await hasFurtherFrames(memorySource(await animationBytes(name)), familyOf(name))).toBe(true);
    },
  );

  it.each(["interlaced.gif", "expected-disc.png"])("is false for %s", async (name) => {
    expect(await hasFurtherFrames(memorySource(await animationBytes(name)), familyOf(name))).toBe(false);
  });

  it("is false for a still WebP", async () => {
    expect(await hasFurtherFrames(memorySource(await sampleBytes("denali.webp")), "webp")).toBe(false);
  });
});

describe("encodePng", () => {
  it("keeps every pixel", async () => {
    const image = await expectedImage("disc");
    const file = concatenate(await encodePng(image));
    expect(difference(await scaledImage(file, "png", 1440), image).largest).toBe(0);
    expect(isBlank(image)).toBe(false);
  });
});
