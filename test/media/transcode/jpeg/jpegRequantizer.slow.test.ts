import { describe, expect, it } from "vitest";
import { shrinkJpeg } from "../../../../src/media/transcode/jpeg/jpegRequantizer.ts";
import { memorySource } from "../../../../src/media/inspect/bytes/byteSource.ts";
import { sampleBytes, sampleNames } from "../../../fixtures/media/samples.ts";
import { jpegOf } from "../../../support/media/rawFiles.ts";
import { expectColour, joined, limits, meanColour, shown, shownSize } from "../../../support/media/renderedImage.ts";

const progressive = ["0006_adobe_coords.jpg"];
const sequential = sampleNames.filter((name) => name.endsWith(".jpg") && !progressive.includes(name));

describe("a JPEG that is too long", () => {
  it.each(sequential)("%s is shorter afterwards, of the same size and colours", async (name) => {
    const before = await sampleBytes(name);
    const jpeg = await shrinkJpeg(memorySource(before), { ...limits, quality: 50 }, 1);
    expect(jpeg.sizeBytes).toBeLessThan(before.length);
    expect(await shownSize(jpeg.pieces)).toEqual({ width: jpeg.width, height: jpeg.height });
    // Without its EXIF the copy lies as it is stored; means don't mind.
    expectColour(meanColour(await shown(jpeg.pieces)), meanColour(await shown([before])), 6);
  });

  it("is never larger at a better quality than it has, and is turned as asked", async () => {
    const before = await sampleBytes("0003_cyclamen_persicum.jpg");
    const jpeg = await shrinkJpeg(memorySource(before), { ...limits, quality: 100 }, 6);
    expect(jpeg.sizeBytes).toBeLessThan(before.length * 1.1);
    const picture = await shown(jpeg.pieces);
    expect(picture.width).toBeGreaterThan(picture.height);
  });

  it("is read a stretch at a time, with restarts or without", async () => {
    const before = await sampleBytes("0005_Landscape_5.jpg");
    const padding = Uint8Array.from([0xff, 0xfe, 0xff, 0xff, ...new Uint8Array(65_533)]);
    const long = joined([before.subarray(0, 2), ...Array.from({ length: 100 }, () => padding), before.subarray(2)]);
    const source = memorySource(long);
    const reads: number[] = [];
    const read = (at: number, length: number) => (reads.push(length), source.read(at, length));
    const jpeg = await shrinkJpeg({ ...source, read }, limits, 1);
    expect(jpeg).toMatchObject({ width: 1200, height: 1800 });
    expect(reads).toHaveLength(2);
    expect(Math.max(...reads)).toBeLessThanOrEqual(4 * 1024 * 1024);
  });

  it("is refused with a reason where it is progressive, cut short or broken", async () => {
    const shrink = (bytes: Uint8Array) => expect(shrinkJpeg(memorySource(bytes), limits, 1)).rejects;
    await shrink(await sampleBytes("0006_adobe_coords.jpg")).toThrow("progressive");
    const whole = jpegOf(300, 200);
    await shrink(whole.subarray(0, whole.length - 200)).toThrow("cut short");
    await shrink(whole.subarray(0, 100)).toThrow("cut short");
    await shrink(new Uint8Array()).toThrow("cut short");
    const broken = Uint8Array.from(whole).fill(0xfe, whole.length - 500, whole.length - 100);
    await shrink(broken).toThrow(/broken|cut short/);
  });
});
