/** Formats of older and less common cameras: CRW, MRW, X3F, JPEG 2000, WMV and other names of known containers. */
import { describe, expect, it } from "vitest";
import { type MediaInfo, readMediaInfo } from "../../../src/media/inspect/mediaInfo.ts";
import { formatForFileName } from "../../../src/media/inspect/formats.ts";
import { memorySource } from "../../../src/media/inspect/bytes/byteSource.ts";
import { findEmbeddedJpeg } from "../../../src/media/transcode/preview/embeddedJpeg.ts";
import { ascii, exifSegment, jpeg, tiff, xmpPacket } from "../../support/media/buildImage.ts";
import { crw, jp2, mrw, wmv, x3f } from "../../support/media/buildRaw.ts";
import { h264Sequence, movie, transportStream } from "../../support/media/buildVideo.ts";

async function readInfo(name: string, bytes: Uint8Array): Promise<MediaInfo> {
  const format = formatForFileName(name);
  if (format === null) throw new Error(`unknown extension: ${name}`);
  return await readMediaInfo(memorySource(bytes), format);
}

/** Formats the capture time, followed by its UTC offset in minutes if known. */
function captureTimeOf({ captureTime }: MediaInfo): string | null {
  if (captureTime === null) return null;
  const offset = captureTime.offsetMinutes;
  return new Date(captureTime.wallUs / 1000).toISOString().slice(0, 19) + (offset === null ? "" : ` ${offset}`);
}

const exif = tiff({ image: [ascii(0x10f, "Maker\0")], exif: [ascii(0x9003, "2020:01:02 03:04:05\0")] });
const preview = jpeg(1024, 768);

describe("Canon's CRW", () => {
  it("has make, model, local time, size and orientation", async () => {
    const info = await readInfo("a.crw", crw({ degrees: 90 }));
    expect(info).toMatchObject({ rawWidth: 3072, rawHeight: 2048, width: 2048, height: 3072, problem: null });
    expect(info.metadata).toMatchObject({ make: "Canon", model: "Canon EOS DIGITAL REBEL", orientation: 6 });
    expect(captureTimeOf(info)).toBe("2003-11-10T17:39:26");
  });
});

describe("Minolta's MRW", () => {
  it("has the size and the EXIF of its blocks", async () => {
    const info = await readInfo("a.mrw", mrw(exif));
    expect(info).toMatchObject({ width: 3264, height: 2448, metadata: { make: "Maker" } });
    expect(captureTimeOf(info)).toBe("2020-01-02T03:04:05");
  });
});

describe("Sigma's X3F", () => {
  const properties: [string, string][] = [
    ["CAMMANUF", "SIGMA"],
    ["CAMMODEL", "SIGMA SD10"],
    ["TIME", "978309395"],
    ["APERTURE", "8.35"],
    ["FLENGTH", "30"],
    ["ISO", "100"],
    ["SHUTTER", "0.00929"],
  ];

  it("has the properties of older cameras", async () => {
    const info = await readInfo("a.x3f", x3f({ properties, degrees: 270 }));
    expect(info).toMatchObject({ rawWidth: 2268, rawHeight: 1512, width: 1512, height: 2268, problem: null });
    expect(info.metadata).toMatchObject({
      make: "SIGMA",
      model: "SIGMA SD10",
      orientation: 8,
      fNumber: 8.35,
      focalLength: 30,
      iso: 100,
      exposureTime: 0.00929,
    });
    expect(captureTimeOf(info)).toBe("2001-01-01T00:36:35");
  });

  it("has the EXIF of its preview, which precedes the properties", async () => {
    const withExif = jpeg(8, 8, exifSegment({ image: [ascii(0x10f, "Maker\0")] }));
    const info = await readInfo("a.x3f", x3f({ properties, preview: withExif }));
    expect(info).toMatchObject({ width: 2268, height: 1512, metadata: { make: "Maker", model: "SIGMA SD10" } });
  });
});

describe("JPEG 2000", () => {
  it("has size, EXIF and XMP in boxes", async () => {
    const xmp = xmpPacket("<photoshop:City>Wien</photoshop:City>");
    const info = await readInfo("a.jp2", jp2(exif, xmp));
    expect(info).toMatchObject({ width: 640, height: 480, metadata: { make: "Maker", city: "Wien" } });
  });

  it("has a size in a bare codestream", async () => {
    const siz = [0xff, 0x4f, 0xff, 0x51, 0, 41, 0, 0, 0, 0, 2, 128, 0, 0, 1, 224, 0, 0, 0, 0, 0, 0, 0, 0];
    expect(await readInfo("a.jp2", Uint8Array.from(siz))).toMatchObject({ width: 640, height: 480, problem: null });
  });
});

describe("Windows Media", () => {
  it("has size, duration without preroll, frame rate, creation time in UTC and description", async () => {
    const info = await readInfo("a.wmv", wmv());
    expect(info).toMatchObject({ width: 320, height: 240, durationSeconds: 2, problem: null });
    expect(info.metadata.fps).toBeCloseTo(15, 4);
    expect(info.metadata.description).toBe("A caption");
    expect(captureTimeOf(info)).toBe("2004-10-28T17:23:34 0");
  });
});

describe("further extensions", () => {
  it.each(["nrw", "gpr", "kdc", "rwl", "3fr", "iiq", "erf", "sr2", "srf", "dcr"])(
    ".%s is a RAW photo based on TIFF",
    async (extension) => {
      expect(formatForFileName(`a.${extension}`)).toMatchObject({ mediaType: "image", family: "tiff" });
      expect((await readInfo(`a.${extension}`, exif)).metadata.make).toBe("Maker");
    },
  );

  it.each(["lrv", "360"])(".%s is an MP4 of a GoPro", async (extension) => {
    expect(await readInfo(`a.${extension}`, movie())).toMatchObject({ width: 1920, height: 1080, problem: null });
  });

  it.each(["ts", "m2t"])(".%s is a transport stream", async (extension) => {
    const times = [900_000, 901_800, 903_600];
    const stream = transportStream(
      0x1b,
      times.map((ticks) => [ticks, h264Sequence]),
    );
    expect(await readInfo(`a.${extension}`, stream)).toMatchObject({ width: 1920, height: 1080, problem: null });
  });

  it(".mpo is a JPEG", async () => {
    expect(await readInfo("a.mpo", preview)).toMatchObject({ width: 1024, height: 768, problem: null });
  });
});

describe("the embedded JPEG", () => {
  it.each([
    ["ciff", crw({ preview })],
    ["x3f", x3f({ preview })],
    ["mrw", mrw(exif, preview)],
  ] as const)("is found in %s", async (family, bytes) => {
    const found = await findEmbeddedJpeg(memorySource(bytes), family, 1024 * 1024);
    expect(found).toMatchObject({ width: 1024, height: 768 });
    expect(bytes.slice(found?.offset, (found?.offset ?? 0) + (found?.length ?? 0))).toEqual(preview);
  });
});

describe("damaged files of these formats", () => {
  it("yield what precedes the damage, and never throw", async () => {
    const files: [string, Uint8Array][] = [
      ["a.crw", crw({ preview })],
      ["a.mrw", mrw(exif)],
      ["a.x3f", x3f({ preview })],
      ["a.jp2", jp2(exif, xmpPacket(""))],
      ["a.wmv", wmv()],
    ];
    for (const [name, bytes] of files) {
      for (let end = 16; end < bytes.length; end += 7) {
        const info = await readInfo(name, bytes.subarray(0, end));
        expect(info.problem === null || !info.problem.includes("could not be read")).toBe(true);
      }
      for (let at = 0; at < Math.min(bytes.length, 400); at++) {
        const broken = bytes.slice();
        broken[at] = 0xff;
        const info = await readInfo(name, broken);
        expect(info.problem === null || !info.problem.includes("could not be read")).toBe(true);
      }
    }
  });
});
