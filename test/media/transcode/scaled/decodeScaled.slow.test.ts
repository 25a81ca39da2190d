/** Decodes thousands of corrupt files: each is an image or has a reason, and none reads beyond its memory. */
import { describe, expect, it } from "vitest";
import { memorySource } from "../../../../src/media/inspect/bytes/byteSource.ts";
import type { MediaFamily } from "../../../../src/media/inspect/formats.ts";
import { decodeScaled } from "../../../../src/media/transcode/scaled/decodeScaled.ts";
import { MAX_JPEG_SCANS } from "../../../../src/media/transcode/scaled/jpeg/jpegDecoding.ts";
import { sampleBytes } from "../../../fixtures/media/samples.ts";
import { bytesOf, segment, u16 } from "../../../support/media/buildImage.ts";
import { mutate, seededRandom } from "../../../support/media/mutations.ts";
import { renderedImage, scaledImage, unsupportedReason } from "../../../support/media/scaledImages.ts";
import { ssim } from "../../../support/media/ssim.ts";

const CASES_PER_FILE = 400;
const SEED = 20_261_128;
const EDGES_PX = [20, 60, 100, 300];
/** Messages of errors that WebAssembly and JavaScript throw for faults of the code. */
const FAULT = /out of bounds|unreachable|divide|undefined|not a function|invalid array length|memory access/i;

const jpegs = "420 444 rgb mixed-sampling restart-7 two-scans progressive-420 progressive-444 progressive-restart";
const files: { family: MediaFamily; path: string }[] = [
  ...jpegs.split(" ").map((name) => ({ family: "jpeg" as const, path: `test/fixtures/jpeg/${name}.jpg` })),
  { family: "png", path: "0025_density_plot.png" },
];

/** Half of the cases also change single bytes anywhere: the other mutations prefer the header. */
function corrupt(bytes: Uint8Array, other: Uint8Array, seed: number): Uint8Array {
  const mutated = mutate(bytes, seededRandom(seed), other).slice();
  const random = seededRandom(seed + 1_000_000);
  for (let left = random(2) * (1 + random(6)); left > 0 && mutated.length > 0; left--)
    mutated[random(mutated.length)] = random(256);
  return mutated;
}

describe(`${CASES_PER_FILE * files.length} corrupt files`, () => {
  it.each(files.map((file, number) => ({ ...file, number })))(
    "decodes mutations of $path or says why not",
    async ({ family, path, number }) => {
      const original = await sampleBytes(path);
      const other = await sampleBytes(files[(number + 3) % files.length]?.path ?? path);
      const faults: string[] = [];
      let images = 0;
      for (let i = 0; i < CASES_PER_FILE; i++) {
        const bytes = corrupt(original, other, SEED + number * CASES_PER_FILE + i);
        const result = await decodeScaled(memorySource(bytes), family, EDGES_PX[i % EDGES_PX.length] ?? 100);
        if (result.kind === "image") images++;
        else if (FAULT.test(result.reason)) faults.push(`case ${i}: ${result.reason}`);
      }
      expect(faults).toEqual([]);
      expect(images).toBeGreaterThan(0);
    },
  );
});

/** Builds a progressive file of one grey: a scan with the means, then scans that only skip blocks. */
function emptyProgressive(width: number, height: number, scanCount: number): Uint8Array {
  const zeros = (count: number) => Array.from({ length: count }, () => 0);
  const oneCode = (kind: number, symbol: number) => segment(0xc4, [kind, 1, ...zeros(15), symbol]);
  const component = (id: number) => [id, 0x11, 0];
  const blocks = Math.ceil(width / 8) * Math.ceil(height / 8);
  // A code of one bit and 14 bits that skip 16,384 blocks.
  const skipBytes = Math.ceil((15 * (Math.ceil(blocks / 16_384) + 1)) / 8);
  const bands = Array.from({ length: scanCount - 1 }, (_, i) => [
    segment(0xda, [1, 1 + (i % 3), 0, 1, 63, 0x10]),
    new Uint8Array(skipBytes),
  ]).flat();
  return bytesOf(
    [0xff, 0xd8],
    segment(0xdb, [0, ...Array.from({ length: 64 }, () => 1)]),
    segment(0xc2, [8, ...u16(height), ...u16(width), 3, ...component(1), ...component(2), ...component(3)]),
    oneCode(0x00, 0),
    oneCode(0x10, 0xe0),
    segment(0xda, [3, 1, 0, 2, 0, 3, 0, 0, 0, 0]),
    new Uint8Array(Math.ceil((blocks * 3) / 8)),
    ...bands,
    [0xff, 0xd9],
  );
}

describe("the costliest progressive files", () => {
  it.each([
    [8000, 6000],
    [65_500, 700],
  ])("of %i × %i pixels and 100 scans stay within the memory", async (width, height) => {
    const image = await scaledImage(emptyProgressive(width, height, MAX_JPEG_SCANS), "jpeg", 1440);
    expect(image.width).toBe(1440);
    expect([...image.rgba.subarray(0, 4)]).toEqual([128, 128, 128, 255]);
  });

  it("beyond the memory are left to Cloudflare Images", async () => {
    const reason = await unsupportedReason(emptyProgressive(10_000, 10_000, 2), "jpeg", 1440);
    expect(reason).toContain("memory limit");
  });
});

const photos: { family: MediaFamily; name: string }[] = [
  ...[
    "Portrait_8.jpg",
    "cyclamen_persicum.jpg",
    "el_torcal_rocks.jpg",
    "mongolels.jpg",
    "prairie_falcon.jpg",
    "0005_Landscape_5.jpg",
    "0008_Panasonic_DMC-LC40.jpg",
    "0011_Landscape_6.jpg",
  ].map((name) => ({ family: "jpeg" as const, name })),
  { family: "png", name: "new_location_shown.png" },
  { family: "png", name: "0025_density_plot.png" },
];

describe("photos decoded straight to a thumbnail", () => {
  it.each(photos)("resemble a Lanczos reference: $name", async ({ family, name }) => {
    const bytes = await sampleBytes(name);
    expect(ssim(await scaledImage(bytes, family, 360), await renderedImage(bytes, 360))).toBeGreaterThanOrEqual(0.97);
  });
});
