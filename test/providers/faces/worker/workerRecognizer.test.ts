import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { RgbaImage } from "../../../../src/media/transcode/rgbaImage.ts";
import type { RecognizedFace } from "../../../../src/providers/faces/faceRecognizer.ts";
import { createFaceRecognizer } from "../../../../src/providers/faces/faceRecognizerFactory.ts";
import { createFaceKernelSlot, faceKernelOf } from "../../../../src/providers/faces/worker/loadFaceKernel.ts";
import {
  RECOGNIZER_MEMORY_BYTES,
  recognizeFaces,
  WORKER_FACE_MODEL,
} from "../../../../src/providers/faces/worker/workerRecognizer.ts";
import { isEmbeddingOf, readFacePicture } from "../../../support/faces/facePictures.ts";

const MEGABYTE = 1000 * 1000;

const slot = createFaceKernelSlot();
const withKernel = faceKernelOf(env.ASSETS, slot);
const recognize = async (image: RgbaImage) => await withKernel((kernel) => recognizeFaces(kernel, image));

/** Pixels of one colour, or of noise. */
function plain(width: number, height: number, value: (index: number) => number = () => 128): RgbaImage {
  return {
    width,
    height,
    rgba: Uint8Array.from({ length: width * height * 4 }, (_, i) => (i % 4 === 3 ? 255 : value(i))),
  };
}

/** Noise from a linear congruential generator. */
function noise(width: number, height: number): RgbaImage {
  let state = 7;
  return plain(width, height, () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) >>> 24);
}

/** Puts a picture on a larger grey one. */
function paste(picture: RgbaImage, width: number, height: number, left: number, top: number): RgbaImage {
  const canvas = plain(width, height);
  for (let y = 0; y < picture.height; y++) {
    const row = picture.rgba.subarray(y * picture.width * 4, (y + 1) * picture.width * 4);
    canvas.rgba.set(row, ((top + y) * width + left) * 4);
  }
  return canvas;
}

/** The same picture from right to left. */
function mirror({ width, height, rgba }: RgbaImage): RgbaImage {
  const pixels = new Uint32Array(rgba.buffer, rgba.byteOffset, width * height);
  const mirrored = pixels.map((_, i) => pixels[i - (i % width) + width - 1 - (i % width)] ?? 0);
  return { width, height, rgba: new Uint8Array(mirrored.buffer) };
}

function cosine(a: RecognizedFace | undefined, b: RecognizedFace | undefined): number {
  return a?.embedding?.reduce((sum, value, i) => sum + value * (b?.embedding?.[i] ?? 0), 0) ?? NaN;
}

describe("the recognizer in the Worker", () => {
  it("finds a face with landmarks and an embedding of unit length", async () => {
    const [face, ...others] = await recognize(await readFacePicture("identities/01-portrait.jpg"));
    expect(others).toEqual([]);
    expect(face?.confidence).toBeGreaterThan(0.8);
    const [left, right, nose, mouthLeft, mouthRight] = face?.landmarks ?? [];
    expect(left?.[0]).toBeLessThan(right?.[0] ?? 0);
    expect(mouthLeft?.[0]).toBeLessThan(mouthRight?.[0] ?? 0);
    expect(nose?.[1]).toBeGreaterThan(left?.[1] ?? 1);
    expect(nose?.[1]).toBeLessThan(mouthLeft?.[1] ?? 0);
    expect(isEmbeddingOf(face?.embedding ?? null, 192)).toBe(true);
  });

  it("is closer to another picture of a person than to another person", async () => {
    const names = ["01-portrait", "01-selfie", "05-portrait", "05-selfie"];
    const faces: (RecognizedFace | undefined)[] = [];
    for (const name of names) faces.push((await recognize(await readFacePicture(`identities/${name}.jpg`)))[0]);
    const [one, oneAgain, five, fiveAgain] = faces;
    expect(Math.min(cosine(one, oneAgain), cosine(five, fiveAgain))).toBeGreaterThan(0.6);
    expect(Math.max(cosine(one, five), cosine(oneAgain, fiveAgain))).toBeLessThan(0.4);
  });

  it("computes nearly the same embedding for a mirrored picture", async () => {
    const picture = await readFacePicture("identities/02-portrait.jpg");
    const [[face], [mirrored]] = [await recognize(picture), await recognize(mirror(picture))];
    expect(cosine(face, mirrored)).toBeGreaterThan(0.95);
    expect((mirrored?.box.x ?? 0) + (face?.box.x ?? 0) + (face?.box.w ?? 0)).toBeCloseTo(1, 1);
  });

  it("finds a face of 4 % of the long side", async () => {
    const small = await readFacePicture("identities/01-portrait.jpg", 96);
    const [face, ...others] = await recognize(paste(small, 1440, 1080, 900, 300));
    expect(others).toEqual([]);
    expect(Math.max((face?.box.w ?? 0) * 1440, (face?.box.h ?? 0) * 1080)).toBeLessThan(0.05 * 1440);
    expect(face?.box.x).toBeGreaterThan(900 / 1440);
    expect(face?.box.y).toBeGreaterThan(300 / 1080);
  });

  it.each([
    ["of one pixel", plain(1, 1)],
    ["of one row", noise(1440, 1)],
    ["of one column", noise(1, 1440)],
    ["of two by three pixels", noise(2, 3)],
    ["of 33 by 31 pixels", noise(33, 31)],
    ["without contents", plain(1440, 1440)],
    ["of noise", noise(1440, 1080)],
  ])("finds no face in a picture %s", async (_, picture) => {
    expect(await recognize(picture)).toEqual([]);
  });

  it.each([
    ["too wide", { width: 1441, height: 1, rgba: new Uint8Array(1441 * 4) }, "1 to 1440 pixels a side"],
    ["too high", { width: 1, height: 1441, rgba: new Uint8Array(1441 * 4) }, "1 to 1440 pixels a side"],
    ["without pixels", { width: 0, height: 0, rgba: new Uint8Array(0) }, "1 to 1440 pixels a side"],
    ["with too few pixels", { width: 10, height: 10, rgba: new Uint8Array(10) }, "too few pixels"],
  ])("rejects a picture that is %s", async (_, picture, message) => {
    await expect(recognize(picture)).rejects.toThrow(message);
  });

  it("takes turns when two pictures are recognized at once", async () => {
    const [one, two] = [
      await readFacePicture("identities/01-portrait.jpg"),
      await readFacePicture("identities/05-portrait.jpg"),
    ];
    const alone = [await recognize(one), await recognize(two)];
    expect(await Promise.all([recognize(one), recognize(two)])).toEqual(alone);
  });

  it("takes at most 60 MB with its weights and the picture, however large the picture", async () => {
    const models = Object.values(slot.models ?? {});
    const weightBytes = models.reduce((sum, { halves }) => sum + halves.buffer.byteLength, 0);
    expect(models).toHaveLength(3);
    expect(weightBytes).toBeLessThan(5 * MEGABYTE);
    const kernelBytes = await withKernel(async (kernel) => {
      await recognizeFaces(kernel, plain(1440, 1440));
      return kernel.kernel.memoryBytes();
    });
    const pictureBytes = 1440 * 1440 * 4;
    expect(kernelBytes + weightBytes + pictureBytes).toBeLessThanOrEqual(RECOGNIZER_MEMORY_BYTES);
    expect(RECOGNIZER_MEMORY_BYTES).toBeLessThanOrEqual(60 * MEGABYTE);
  });

  it("fits the memory for pictures of every shape", async () => {
    for (const [width, height] of [
      [1440, 1440],
      [1440, 1],
      [1440, 307],
      [307, 1440],
      [1440, 290],
      [769, 577],
      [1120, 396],
    ] as const) {
      expect(await recognize(plain(width, height))).toEqual([]);
    }
  });

  it("is the default", () => {
    const recognizer = createFaceRecognizer({ faceRecognizer: { kind: "worker" } }, env);
    expect(recognizer).toMatchObject({
      model: WORKER_FACE_MODEL,
      dimensions: 192,
      memoryBytes: RECOGNIZER_MEMORY_BYTES,
    });
  });

  it("fails when a model can't be read, and works the next time", async () => {
    let failures = 1;
    const assets = {
      fetch: async (input: RequestInfo | URL) =>
        failures-- > 0 ? new Response(null, { status: 503 }) : await env.ASSETS.fetch(input),
    };
    const flaky = faceKernelOf(assets, createFaceKernelSlot());
    await expect(flaky(() => Promise.resolve(1))).rejects.toThrow("detector.bin responded with 503");
    expect(await flaky(() => Promise.resolve(1))).toBe(1);
  });
});
