import { describe, expect, it } from "vitest";
import { requantizeJpeg } from "../../../../src/media/transcode/jpeg/jpegRequantizer.ts";
import { memorySource } from "../../../../src/media/inspect/bytes/byteSource.ts";
import { sampleBytes, sampleNames } from "../../../fixtures/media/samples.ts";
import { jpegOf } from "../../../support/media/rawFiles.ts";
import {
  expectColour,
  concatenate,
  limits,
  meanColour,
  renderJpeg,
  renderedSize,
} from "../../../support/media/renderedImage.ts";

const progressive = ["0006_adobe_coords.jpg"];
const sequential = sampleNames.filter((name) => name.endsWith(".jpg") && !progressive.includes(name));

describe("requantizeJpeg", () => {
  it.each(sequential)("reduces %s at the same size and colours", async (name) => {
    const before = await sampleBytes(name);
    const jpeg = await requantizeJpeg(memorySource(before), { ...limits, quality: 50 }, 1);
    expect(jpeg.sizeBytes).toBeLessThan(before.length);
    expect(await renderedSize(jpeg.pieces)).toEqual({ width: jpeg.width, height: jpeg.height });
    // The output lacks the EXIF orientation, which doesn't affect the mean.
    expectColour(meanColour(await renderJpeg(jpeg.pieces)), meanColour(await renderJpeg([before])), 6);
  });

  it("doesn't enlarge the file at a higher quality, and sets the orientation", async () => {
    const before = await sampleBytes("cyclamen_persicum.jpg");
    const jpeg = await requantizeJpeg(memorySource(before), { ...limits, quality: 100 }, 6);
    expect(jpeg.sizeBytes).toBeLessThan(before.length * 1.1);
    const image = await renderJpeg(jpeg.pieces);
    expect(image.width).toBeGreaterThan(image.height);
  });

  it("expands only the Huffman tables of the scan", async () => {
    // 3,800 tables in each of 100 segments; expanding them would fill 50 GB.
    const table = [0x13, ...Array.from({ length: 16 }, () => 0)];
    const content = Array.from({ length: 3800 }, () => table).flat();
    const segment = Uint8Array.from([0xff, 0xc4, (content.length + 2) >> 8, (content.length + 2) & 255, ...content]);
    const whole = jpegOf(300, 200);
    const parts = [whole.subarray(0, 2), ...Array.from({ length: 100 }, () => segment), whole.subarray(2)];
    const started = performance.now();
    await scheduler.wait(1);
    const jpeg = await requantizeJpeg(memorySource(concatenate(parts)), limits, 1);
    await scheduler.wait(1);
    expect(performance.now() - started).toBeLessThan(5000);
    expect(jpeg).toMatchObject({ width: 300, height: 200 });
  });

  it("omits colour profiles of more than 4 MB", async () => {
    const profile = Uint8Array.from([0xff, 0xe2, 0xff, 0xff, ...Array.from("ICC_PROFILE\0", (c) => c.charCodeAt(0))]);
    const segment = new Uint8Array(65_537);
    segment.set(profile);
    const whole = jpegOf(300, 200);
    const sizeWith = async (count: number) => {
      const parts = [whole.subarray(0, 2), ...Array.from({ length: count }, () => segment), whole.subarray(2)];
      return (await requantizeJpeg(memorySource(concatenate(parts)), limits, 1)).sizeBytes;
    };
    expect(await sizeWith(60)).toBeGreaterThan(60 * 65_000);
    expect(await sizeWith(70)).toBeLessThan(65_000);
  });

  it("reads the file in steps of 4 MB", async () => {
    const before = await sampleBytes("0005_Landscape_5.jpg");
    const padding = Uint8Array.from([0xff, 0xfe, 0xff, 0xff, ...new Uint8Array(65_533)]);
    const long = concatenate([
      before.subarray(0, 2),
      ...Array.from({ length: 100 }, () => padding),
      before.subarray(2),
    ]);
    const source = memorySource(long);
    const reads: number[] = [];
    const read = (at: number, length: number) => (reads.push(length), source.read(at, length));
    const jpeg = await requantizeJpeg({ ...source, read }, limits, 1);
    expect(jpeg).toMatchObject({ width: 1200, height: 1800 });
    expect(reads).toHaveLength(2);
    expect(Math.max(...reads)).toBeLessThanOrEqual(4 * 1024 * 1024);
  });

  it("rejects progressive, truncated and damaged files with a reason", async () => {
    const expectRejection = (bytes: Uint8Array) => expect(requantizeJpeg(memorySource(bytes), limits, 1)).rejects;
    await expectRejection(await sampleBytes("0006_adobe_coords.jpg")).toThrow("progressive");
    const whole = jpegOf(300, 200);
    await expectRejection(whole.subarray(0, whole.length - 200)).toThrow("truncated");
    await expectRejection(whole.subarray(0, 100)).toThrow("truncated");
    await expectRejection(new Uint8Array()).toThrow("truncated");
    const tables = [0xff, 0xc4, 0, 2 + 17, 0x1f, ...Array.from({ length: 16 }, () => 0)];
    const invalidTable = concatenate([whole.subarray(0, 2), Uint8Array.from(tables), whole.subarray(2)]);
    await expectRejection(invalidTable).toThrow("invalid Huffman table");
    const broken = Uint8Array.from(whole).fill(0xfe, whole.length - 500, whole.length - 100);
    await expectRejection(broken).toThrow(/damaged|truncated/);
  });
});
