import { describe, expect, it } from "vitest";
import { memorySource, type ByteSource } from "../../../../src/media/inspect/bytes/byteSource.ts";
import { decodeScaled } from "../../../../src/media/transcode/scaled/decodeScaled.ts";
import { MAX_JPEG_SCANS } from "../../../../src/media/transcode/scaled/jpeg/jpegDecoding.ts";
import { sampleBytes } from "../../../fixtures/media/samples.ts";
import { bytesOf } from "../../../support/media/buildImage.ts";
import { jpegWithOrientation, nearestColour, quadrantPng } from "../../../support/media/images.ts";
import { renderedImage, scaledImage, unsupportedReason } from "../../../support/media/scaledImages.ts";
import { difference } from "../../../support/media/pixelImages.ts";

const WIDTH = 241;
const HEIGHT = 163;

const codings =
  "444 422 420 440 411 mixed-sampling grey rgb restart-row restart-7 extended scan-per-component two-scans progressive-444 progressive-420 progressive-grey progressive-restart display-p3".split(
    " ",
  );

const fixture = async (name: string) => await sampleBytes(`test/fixtures/jpeg/${name}.jpg`);

const rendered = renderedImage;
const decoded = async (bytes: Uint8Array, edgePx: number) => await scaledImage(bytes, "jpeg", edgePx);
const reasonFor = async (bytes: Uint8Array) => await unsupportedReason(bytes, "jpeg");

function indexOfMarker(bytes: Uint8Array, marker: number, from = 0): number {
  for (let at = from; at + 1 < bytes.length; at++) if (bytes[at] === 0xff && bytes[at + 1] === marker) return at;
  throw new Error("no such marker");
}

describe("decodeScaled for JPEG", () => {
  it.each(codings)("shows %s as the renderer does, at every scale of its blocks", async (name) => {
    const bytes = await fixture(name);
    // The renderer enlarges chroma differently, and at small sizes drops more of it, which shows around the disc.
    for (const [edgePx, mean] of [
      [WIDTH, 2.2],
      [200, 2.2],
      [100, 2],
      [50, 7],
      [25, 7],
    ] as const) {
      expect(difference(await decoded(bytes, edgePx), await rendered(bytes, edgePx)).mean).toBeLessThan(mean);
    }
  });

  it("never enlarges", async () => {
    expect(await decoded(await fixture("420"), 1440)).toMatchObject({ width: WIDTH, height: HEIGHT });
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])("turns orientation %i upright", async (orientation) => {
    const bytes = await jpegWithOrientation(await quadrantPng(96, 64), orientation);
    for (const edgePx of [96, 24]) {
      const image = await decoded(bytes, edgePx);
      const [width, height] = orientation >= 5 ? [64, 96] : [96, 64];
      expect([image.width, image.height]).toEqual([(width * edgePx) / 96, (height * edgePx) / 96]);
      const reference = await rendered(bytes, edgePx);
      for (const [x, y] of [
        [0.25, 0.25],
        [0.75, 0.25],
        [0.25, 0.75],
        [0.75, 0.75],
      ] as const) {
        const at = (Math.floor(y * image.height) * image.width + Math.floor(x * image.width)) * 4;
        expect(nearestColour(image.rgba.subarray(at, at + 4))).toBe(nearestColour(reference.rgba.subarray(at, at + 4)));
      }
    }
  });

  it("takes the height from the segment after the scan", async () => {
    const bytes = await fixture("420");
    const frameAt = indexOfMarker(bytes, 0xc0);
    const endAt = indexOfMarker(bytes, 0xd9, indexOfMarker(bytes, 0xda));
    const patched = bytesOf(bytes.subarray(0, endAt), [0xff, 0xdc, 0, 4, 0, HEIGHT], bytes.subarray(endAt));
    patched.set([0, 0], frameAt + 5);
    expect(difference(await decoded(patched, 100), await decoded(bytes, 100)).largest).toBe(0);
  });

  it("reads a photo in windows that end anywhere", async () => {
    const bytes = await sampleBytes("0008_Panasonic_DMC-LC40.jpg");
    const image = await decoded(bytes, 360);
    expect(image).toMatchObject({ width: 270, height: 360 });
    expect(difference(image, await rendered(bytes, 360)).mean).toBeLessThan(3);
  });

  it("reads a photo from storage once", async () => {
    const bytes = await sampleBytes("0008_Panasonic_DMC-LC40.jpg");
    const reads: number[] = [];
    const read = (at: number, length: number) => {
      reads.push(at);
      return Promise.resolve(bytes.subarray(at, at + length));
    };
    await decodeScaled({ sizeBytes: bytes.length, read }, "jpeg", 1440);
    expect(reads).toEqual([0]);
  });

  it("leaves other codings to Cloudflare Images with the reason", async () => {
    expect(await reasonFor(await fixture("arithmetic"))).toBe("JPEG with lossless, hierarchical or arithmetic coding");
    expect(await reasonFor(await fixture("cmyk"))).toBe("JPEG with 4 colour components");
    const twelveBits = Uint8Array.from(await fixture("420"));
    twelveBits[indexOfMarker(twelveBits, 0xc0) + 4] = 12;
    expect(await reasonFor(twelveBits)).toBe("JPEG with 12 bits a sample");
    const unusual = Uint8Array.from(await fixture("420"));
    unusual[indexOfMarker(unusual, 0xc0) + 11] = 0x51;
    expect(await reasonFor(unusual)).toBe("JPEG with unusual sampling factors");
    const result = await decodeScaled(memorySource(new Uint8Array(100)), "gif", 100);
    expect(result).toEqual({ kind: "unsupported", reason: "the Worker has no scaled decoder for gif" });
  });

  it.each(["420", "restart-7", "two-scans", "progressive-420"])("reports damage of %s", async (name) => {
    const bytes = await fixture(name);
    const scanAt = indexOfMarker(bytes, 0xda);
    expect(await reasonFor(bytes.subarray(0, scanAt + 900))).toBe("the JPEG is truncated or damaged");
    expect(await reasonFor(bytes.subarray(0, 100))).toMatch(/truncated|no image data/);
    expect(await reasonFor(new Uint8Array(10))).toBe("the JPEG has no image data");
  });

  it("decodes a file without its end marker", async () => {
    const bytes = await fixture("420");
    const cut = bytes.subarray(0, bytes.length - 2);
    expect(difference(await decoded(cut, 100), await decoded(bytes, 100)).largest).toBe(0);
  });

  it(`decodes ${MAX_JPEG_SCANS} scans and refuses more`, async () => {
    const bytes = await fixture("progressive-grey");
    const scanOffsets = [...bytes.keys()].filter((at) => bytes[at] === 0xff && bytes[at + 1] === 0xda);
    const endAt = bytes.length - 2;
    // The first scan has the means of all blocks: reading it again changes only their lowest bit.
    const firstScan = bytes.subarray(scanOffsets[0], scanOffsets[1]);
    const scans = Array.from({ length: 99 }, () => firstScan);
    const withScans = (count: number) => bytesOf(bytes.subarray(0, endAt), ...scans.slice(0, count), [0xff, 0xd9]);
    const existing = scanOffsets.length;
    expect(await reasonFor(withScans(MAX_JPEG_SCANS - existing))).toBe("decoded");
    expect(await reasonFor(withScans(MAX_JPEG_SCANS - existing + 1))).toBe("JPEG with more than 100 scans");
  });

  it("passes read errors on", async () => {
    const bytes = await fixture("420");
    const failing: ByteSource = {
      sizeBytes: bytes.length,
      read: (at) => (at > 0 ? Promise.reject(new Error("away")) : Promise.resolve(bytes.subarray(0, 4000))),
    };
    await expect(decodeScaled(failing, "jpeg", 100)).rejects.toThrow("away");
  });
});
