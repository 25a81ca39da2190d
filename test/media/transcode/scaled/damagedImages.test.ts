import { describe, expect, it } from "vitest";
import { memorySource } from "../../../../src/media/inspect/bytes/byteSource.ts";
import type { MediaFamily } from "../../../../src/media/inspect/formats.ts";
import { decodeDamaged, decodeScaled } from "../../../../src/media/transcode/scaled/decodeScaled.ts";
import type { RgbaImage } from "../../../../src/media/transcode/rgbaImage.ts";
import { sampleBytes } from "../../../fixtures/media/samples.ts";
import { scaledImage } from "../../../support/media/scaledImages.ts";

const WIDTH = 241;
const HEIGHT = 163;

const fixture = async (name: string) => await sampleBytes(`test/fixtures/jpeg/${name}.jpg`);

/** The decoded image and its damage; fails if there is none. */
async function shown(
  bytes: Uint8Array,
  family: MediaFamily = "jpeg",
): Promise<{ image: RgbaImage; damage: string | null }> {
  const result = await decodeDamaged(memorySource(bytes), family, 1440);
  if (result.kind === "unsupported") throw new Error(result.reason);
  return result;
}

/** Rows that have the same pixels in both images. */
function equalRows(a: RgbaImage, b: RgbaImage): boolean[] {
  return Array.from({ length: a.height }, (_, y) => {
    const at = y * a.width * 4;
    for (let i = at; i < at + a.width * 4; i++) if (a.rgba[i] !== b.rgba[i]) return false;
    return true;
  });
}

function isGrey({ rgba, width }: RgbaImage, y: number): boolean {
  const row = rgba.subarray(y * width * 4, (y + 1) * width * 4);
  return row.every((value, i) => (i % 4 === 3 ? value === 255 : Math.abs(value - 128) <= 1));
}

function offsetsOf(bytes: Uint8Array, isMarker: (code: number) => boolean): number[] {
  return [...bytes.keys()].filter((at) => bytes[at] === 0xff && isMarker(bytes[at + 1] ?? 0));
}

const isRestart = (code: number) => code >= 0xd0 && code <= 0xd7;
const isScan = (code: number) => code === 0xda;

describe("a damaged JPEG", () => {
  it.each(["420", "444", "grey", "restart-row", "restart-7"])(
    "is shown up to where %s was cut, and grey below",
    async (name) => {
      const bytes = await fixture(name);
      const [scanAt = 0] = offsetsOf(bytes, isScan);
      const cut = bytes.subarray(0, scanAt + Math.floor((bytes.length - scanAt) / 2));
      expect(await decodeScaled(memorySource(cut), "jpeg", 1440)).toMatchObject({ kind: "unsupported" });
      const { image, damage } = await shown(cut);
      expect(image).toMatchObject({ width: WIDTH, height: HEIGHT });
      const equal = equalRows(image, await scaledImage(bytes, "jpeg", 1440));
      const firstWrong = equal.indexOf(false);
      expect(firstWrong).toBeGreaterThan(HEIGHT * 0.3);
      expect(firstWrong).toBeLessThan(HEIGHT * 0.7);
      expect(isGrey(image, HEIGHT - 1)).toBe(true);
      const missing = Number(/(\d+) % of the image is missing/.exec(damage ?? "")?.[1]);
      expect(Math.abs(missing - 100 * (1 - firstWrong / HEIGHT))).toBeLessThan(12);
    },
  );

  it("continues after a lost restart interval", async () => {
    const bytes = await fixture("restart-row");
    const restarts = offsetsOf(bytes, isRestart);
    const [from = 0, to = 0] = restarts.slice(3);
    const without = Uint8Array.from([...bytes.subarray(0, from), ...bytes.subarray(to)]);
    const { image, damage } = await shown(without);
    const equal = equalRows(image, await scaledImage(bytes, "jpeg", 1440));
    // One row of MCUs of 16 rows is missing.
    expect(equal.filter((isEqual) => !isEqual)).toHaveLength(16);
    expect(damage).toBe("the file is damaged: 9 % of the image is missing");
  });

  it("continues at the restart marker after wrong data", async () => {
    const bytes = Uint8Array.from(await fixture("restart-row"));
    const [from = 0, to = 0] = offsetsOf(bytes, isRestart).slice(4);
    bytes.fill(0xfe, from + 40, to - 5);
    const { image, damage } = await shown(bytes);
    const equal = equalRows(image, await scaledImage(await fixture("restart-row"), "jpeg", 1440));
    expect(equal.slice(0, 80).every(Boolean)).toBe(true);
    expect(equal.slice(-48).every(Boolean)).toBe(true);
    expect(damage).toMatch(/damaged/);
  });

  it("shows wrong data without restart markers as libjpeg does: what follows may be shifted", async () => {
    const bytes = Uint8Array.from(await fixture("420"));
    const [scanAt = 0] = offsetsOf(bytes, isScan);
    const middle = scanAt + Math.floor((bytes.length - scanAt) / 2);
    bytes.fill(0xfe, middle, middle + 20);
    const { image } = await shown(bytes);
    const equal = equalRows(image, await scaledImage(await fixture("420"), "jpeg", 1440));
    expect(equal.indexOf(false)).toBeGreaterThan(HEIGHT * 0.3);
  });

  it("has less detail without the last scans of a progressive file", async () => {
    const bytes = await fixture("progressive-420");
    const scans = offsetsOf(bytes, isScan);
    const { image, damage } = await shown(bytes.subarray(0, (scans[3] ?? 0) + 200));
    expect(damage).toBe("the file is damaged: details are missing");
    expect(isGrey(image, HEIGHT - 1)).toBe(false);
    const early = await shown(bytes.subarray(0, (scans[0] ?? 0) + 300));
    expect(early.damage).toMatch(/% of the image is missing, details are missing/);
    expect(isGrey(early.image, HEIGHT - 1)).toBe(true);
  });

  it("has no picture if next to nothing is left", async () => {
    const bytes = await fixture("420");
    const [scanAt = 0] = offsetsOf(bytes, isScan);
    for (const length of [scanAt + 14, scanAt, 100, 3]) {
      const result = await decodeDamaged(memorySource(bytes.subarray(0, length)), "jpeg", 1440);
      expect(result.kind).toBe("unsupported");
    }
  });

  it("is no other than whole for a whole file, with or without its end marker", async () => {
    for (const name of ["420", "progressive-420", "scan-per-component", "restart-7"]) {
      const bytes = await fixture(name);
      const { image, damage } = await shown(bytes);
      expect(damage, name).toBeNull();
      expect(equalRows(image, await scaledImage(bytes, "jpeg", 1440)).every(Boolean)).toBe(true);
    }
    expect((await shown((await fixture("420")).slice(0, -2))).damage).toBeNull();
  });
});

describe("a damaged PNG", () => {
  it("is shown up to where it was cut, and grey below", async () => {
    const bytes = await sampleBytes("0025_density_plot.png");
    const { image, damage } = await shown(bytes.subarray(0, 15_000), "png");
    const equal = equalRows(image, await scaledImage(bytes, "png", 1440));
    const firstWrong = equal.indexOf(false);
    expect(firstWrong).toBeGreaterThan(50);
    expect(isGrey(image, image.height - 1)).toBe(true);
    expect(damage).toBe(
      `the file is damaged: ${Math.round((1 - firstWrong / image.height) * 100)} % of the image is missing`,
    );
  });

  it("has no picture without pixels", async () => {
    const bytes = await sampleBytes("0025_density_plot.png");
    expect((await decodeDamaged(memorySource(bytes.subarray(0, 200)), "png", 1440)).kind).toBe("unsupported");
  });
});
