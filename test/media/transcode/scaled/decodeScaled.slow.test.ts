/** Decodes thousands of corrupt files: each is an image or has a reason, and none reads beyond its memory. */
import { describe, expect, it } from "vitest";
import { memorySource } from "../../../../src/media/inspect/bytes/byteSource.ts";
import type { MediaFamily } from "../../../../src/media/inspect/formats.ts";
import { decodeScaled } from "../../../../src/media/transcode/scaled/decodeScaled.ts";
import { sampleBytes } from "../../../fixtures/media/samples.ts";
import { mutate, seededRandom } from "../../../support/media/mutations.ts";
import { renderedImage, scaledImage } from "../../../support/media/scaledImages.ts";
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
