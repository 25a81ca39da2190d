import { describe, expect, it } from "vitest";
import { memorySource } from "../../../../src/media/inspect/bytes/byteSource.ts";
import { MAX_DECODER_BYTES } from "../../../../src/media/transcode/decoderMemory.ts";
import { hasFurtherFrames } from "../../../../src/media/transcode/animation/hasFurtherFrames.ts";
import { gifToJpeg } from "../../../../src/media/transcode/gif/gifToJpeg.ts";
import { decodeDamaged } from "../../../../src/media/transcode/scaled/decodeScaled.ts";
import { jpegToJpeg } from "../../../../src/media/transcode/scaled/jpeg/jpegToJpeg.ts";
import { tiffToJpeg } from "../../../../src/media/transcode/tiff/tiffToJpeg.ts";
import { sampleBytes } from "../../../fixtures/media/samples.ts";
import { animationBytes, familyOf, visibleFrame } from "../../../support/media/animations.ts";
import { bytesOf, u16 } from "../../../support/media/buildImage.ts";
import { mutate, seededRandom } from "../../../support/media/mutations.ts";

const ROUNDS = 200;
const LIMITS = { quality: 50, maxBytes: 4 * 1024 * 1024 };

async function everyMutationEnds(bytes: Uint8Array, run: (mutated: Uint8Array) => Promise<unknown>): Promise<void> {
  const random = seededRandom(bytes.length);
  for (let round = 0; round < ROUNDS; round++) {
    const outcome = await run(mutate(bytes, random, bytes)).then(
      () => null,
      (error: unknown) => error,
    );
    if (outcome !== null) expect(outcome).toBeInstanceOf(Error);
  }
}

describe("mutated files end with an image or a reason", () => {
  it.each([
    "black-first.gif",
    "parts.gif",
    "previous.gif",
    "interlaced.gif",
    "black-first.png",
    "transparent-first.png",
    "white-first.webp",
    "transparent-first.webp",
  ])("%s", async (name) => {
    const bytes = await animationBytes(name);
    await everyMutationEnds(bytes, async (mutated) => {
      await hasFurtherFrames(memorySource(mutated), familyOf(name));
      if (name.endsWith("gif")) await gifToJpeg(memorySource(mutated), LIMITS).catch(() => null);
      return await visibleFrame(mutated, familyOf(name));
    });
  });

  it.each(["420", "restart-7", "progressive-420", "progressive-restart", "two-scans", "scan-per-component"])(
    "%s.jpg",
    async (name) => {
      const bytes = await sampleBytes(`test/fixtures/jpeg/${name}.jpg`);
      await everyMutationEnds(bytes, async (mutated) => {
        const decoded = await decodeDamaged(memorySource(mutated), "jpeg", 100);
        if (decoded.kind === "image") expect(decoded.peakBytes).toBeLessThan(MAX_DECODER_BYTES);
        return await jpegToJpeg(memorySource(mutated), LIMITS);
      });
    },
  );

  it.each(["dither-g32dfill.tif", "dither-g4.tif", "runs-g31d.tif"])("%s", async (name) => {
    const bytes = await sampleBytes(`test/fixtures/tiff/${name}`);
    await everyMutationEnds(bytes, async (mutated) => await tiffToJpeg(memorySource(mutated), LIMITS, 1));
  });
});

describe("hostile files", () => {
  it("stop at the frames and pixels that may be looked at", async () => {
    // 20,000 transparent pixels, and at last a visible one, on a screen of 1,700 × 1,700 pixels.
    const control = (flags: number) => [0x21, 0xf9, 4, flags, 0, 0, 0, 0];
    const frame = (flags: number) => bytesOf(control(flags), [0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 0x01, 0]);
    const head = bytesOf("GIF89a", u16(1700, true), u16(1700, true), [0x80, 0, 0, 9, 9, 9, 200, 200, 200]);
    const after = (count: number) => bytesOf(head, ...Array.from({ length: count }, () => frame(1)), frame(0), [0x3b]);
    expect((await visibleFrame(after(20), "gif"))?.index).toBe(20);
    expect(await visibleFrame(after(20_000), "gif")).toBeNull();
  });

  it("end when a GIF has nothing but extensions", async () => {
    const bytes = bytesOf("GIF89a", u16(10, true), u16(10, true), [0, 0, 0], new Uint8Array(4_000_000).fill(0x21));
    expect(await visibleFrame(bytes, "gif")).toBeNull();
    expect(await hasFurtherFrames(memorySource(bytes), "gif")).toBe(false);
    await expect(gifToJpeg(memorySource(bytes), LIMITS)).rejects.toThrow("truncated");
  });

  it("end when a tolerant decoder gets a frame of 100 megapixels without data", async () => {
    const jpeg = Uint8Array.from(await sampleBytes("test/fixtures/jpeg/420.jpg"));
    const frameAt = jpeg.findIndex((byte, at) => byte === 0xff && jpeg[at + 1] === 0xc0);
    jpeg.set([0x27, 0x10, 0x27, 0x10], frameAt + 5);
    expect((await decodeDamaged(memorySource(jpeg), "jpeg", 1440)).kind).toBe("unsupported");
    await expect(jpegToJpeg(memorySource(jpeg), LIMITS)).rejects.toThrow("truncated or damaged");
  });
});
