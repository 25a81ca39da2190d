import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { copyFaceModels } from "../../scripts/copyFaceModels.ts";
import { toHalf } from "../../scripts/faceModels/networkFile.ts";
import { readTflite } from "../../scripts/faceModels/tflite.ts";

const MAX_WEIGHT_BYTES = 8 * 1000 * 1000;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "face-models-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** The value of a 16-bit float. */
function fromHalf(half: number): number {
  const [exponent, fraction] = [(half >> 10) & 31, half & 1023];
  const magnitude = exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return half & 0x8000 ? -magnitude : magnitude;
}

describe("copyFaceModels", () => {
  it("writes networks of at most 8 MB, with their licences", () => {
    copyFaceModels(folder);
    const files = readdirSync(folder).toSorted();
    expect(files).toEqual([
      "LICENSE-Apache-2.0.txt",
      "NOTICE.txt",
      "detector.bin",
      "embedder.bin",
      "landmarks.bin",
      "version",
    ]);
    const bytes = files.filter((name) => name.endsWith(".bin")).map((name) => statSync(join(folder, name)).size);
    expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThan(MAX_WEIGHT_BYTES);
  });

  it("keeps unchanged files and replaces those of another version", () => {
    copyFaceModels(folder);
    const path = join(folder, "detector.bin");
    const original = readFileSync(path);
    writeFileSync(path, "changed");
    copyFaceModels(folder);
    expect(readFileSync(path, "utf8")).toBe("changed");
    writeFileSync(join(folder, "version"), "another");
    copyFaceModels(folder);
    expect(readFileSync(path).equals(original)).toBe(true);
  });
});

describe("toHalf", () => {
  it("returns every 16-bit float for its own value", () => {
    for (let half = 0; half < 0x7c00; half++) {
      expect(toHalf(fromHalf(half))).toBe(half);
      expect(toHalf(-fromHalf(half))).toBe(half | 0x8000);
    }
  });

  it("rounds to the nearest float, and to the even one between two", () => {
    const step = 2 ** -10;
    expect(toHalf(1 + 0.4 * step)).toBe(toHalf(1));
    expect(toHalf(1 + 0.6 * step)).toBe(toHalf(1 + step));
    expect(toHalf(1 + 0.5 * step)).toBe(toHalf(1));
    expect(toHalf(1 + 1.5 * step)).toBe(toHalf(1 + 2 * step));
    expect(toHalf(2 - 0.1 * step)).toBe(toHalf(2));
  });

  it("rejects what a 16-bit float can't hold", () => {
    for (const value of [65_520, -70_000, Infinity, NaN]) expect(() => toHalf(value)).toThrow("exceeds the range");
  });
});

describe("readTflite", () => {
  it("reads layers and weights of a model", () => {
    const file = readFileSync("node_modules/@mediapipe/face_detection/face_detection_full_range.tflite");
    const { tensors, operators, inputs, outputs } = readTflite(new Uint8Array(file));
    expect(inputs.map((index) => tensors[index]?.shape)).toEqual([[1, 192, 192, 3]]);
    expect(outputs.map((index) => tensors[index]?.shape)).toEqual([
      [1, 2304, 16],
      [1, 2304, 1],
    ]);
    expect(operators.length).toBeGreaterThan(300);
  });
});
