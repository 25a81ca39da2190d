/** Dimensions in containers that the samples do not cover, from generated files. */
import { describe, expect, it } from "vitest";
import { type MediaInfo, readMediaInfo } from "../../../src/media/inspect/mediaInfo.ts";
import { formatForFileName } from "../../../src/media/inspect/formats.ts";
import {
  type Part,
  box,
  bytesOf,
  chunk,
  directory,
  exifSegment,
  jpeg,
  long,
  segment,
  short,
  tiff,
  u16,
  u32,
} from "../../support/media/buildImage.ts";
import { countingSource } from "../../support/media/countingSource.ts";

async function readInfo(name: string, bytes: Uint8Array): Promise<MediaInfo> {
  const format = formatForFileName(name);
  if (format === null) throw new Error(`unknown extension: ${name}`);
  return readMediaInfo(countingSource(bytes), format);
}

/** `[width, height, rawWidth, rawHeight]`. */
async function dimensions(name: string, bytes: Uint8Array): Promise<(number | null)[]> {
  const info = await readInfo(name, bytes);
  return [info.width, info.height, info.rawWidth, info.rawHeight];
}

function webp(...chunks: Uint8Array[]): Uint8Array {
  return bytesOf("RIFF", [0, 0, 0, 0], "WEBP", ...chunks);
}

function heic(...properties: Uint8Array[]): Uint8Array {
  const ispe = box("ispe", [0, 0, 0, 0], u32(400), u32(300));
  const indexes = [ispe, ...properties].map((_, index) => index + 1);
  const iprp = box(
    "iprp",
    box("ipco", ispe, ...properties),
    box("ipma", [0, 0, 0, 0], u32(1), u16(1), [indexes.length, ...indexes]),
  );
  const pitm = box("pitm", [0, 0, 0, 0], u16(1));
  return bytesOf(box("ftyp", "heic", [0, 0, 0, 0]), box("meta", [0, 0, 0, 0], pitm, iprp));
}

/** A Matroska element; sizes below 127 only. */
function element(id: number[], ...content: Part[]): Uint8Array {
  const body = bytesOf(...content);
  return bytesOf(id, [0x80 + body.length], body);
}

function tkhd(matrix: number[], width: number, height: number): Uint8Array {
  return box("tkhd", new Uint8Array(40), ...matrix.map((value) => u32(value)), u32(width * 65536), u32(height * 65536));
}

function mp4(matrix: number[]): Uint8Array {
  const hdlr = box("hdlr", new Uint8Array(8), "vide", new Uint8Array(12));
  const mvhd = box("mvhd", [0, 0, 0, 0], u32(3_600_000_000), u32(0), u32(600), u32(1500));
  return bytesOf(
    box("ftyp", "isom"),
    box("mdat", new Uint8Array(100)),
    box("moov", mvhd, box("trak", tkhd(matrix, 1920, 1080), box("mdia", hdlr))),
  );
}

const identityMatrix = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000];
const rotation90Matrix = [0, 0x10000, 0, 0xffff0000, 0, 0, 0, 0, 0x40000000];

describe("the dimensions of an image", () => {
  it("are read from a JPEG's frame header after megabytes of segments", async () => {
    const padding = Array.from({ length: 30 }, () => segment(0xe2, new Uint8Array(65_000)));
    const source = countingSource(jpeg(640, 480, ...padding));
    const format = formatForFileName("a.jpg");
    const info = format && (await readMediaInfo(source, format));
    expect(info).toMatchObject({ width: 640, height: 480, problem: null });
  });

  it.each([1, 2, 3, 4])("are kept with orientation %i", async (orientation) => {
    const bytes = jpeg(640, 480, exifSegment({ image: [short(0x112, orientation)] }));
    expect(await dimensions("a.jpg", bytes)).toEqual([640, 480, 640, 480]);
  });

  it.each([5, 6, 7, 8])("are swapped with orientation %i", async (orientation) => {
    const bytes = jpeg(640, 480, exifSegment({ image: [short(0x112, orientation)] }));
    expect(await dimensions("a.jpg", bytes)).toEqual([480, 640, 640, 480]);
  });

  it("are read by content if the extension is wrong", async () => {
    expect(await dimensions("a.png", jpeg(640, 480))).toEqual([640, 480, 640, 480]);
    expect(await dimensions("a.jpg", heic())).toEqual([400, 300, 400, 300]);
  });

  it("are read from VP8, VP8L and VP8X", async () => {
    const simple = webp(chunk("VP8 ", [0, 0, 0], "\x9d\x01\x2a", u16(320 | 0x4000, true), u16(240, true)));
    expect(await dimensions("a.webp", simple)).toEqual([320, 240, 320, 240]);
    const lossless = webp(chunk("VP8L", [0x2f], u32(319 | (239 << 14), true), new Uint8Array(6)));
    expect(await dimensions("a.webp", lossless)).toEqual([320, 240, 320, 240]);
    const extended = webp(
      chunk("VP8X", [8, 0, 0, 0], [0x3f, 1, 0], [0xef, 0, 0]),
      chunk("EXIF", tiff({ image: [short(0x112, 6)] })),
    );
    expect(await dimensions("a.webp", extended)).toEqual([240, 320, 320, 240]);
  });

  it("are read from all BMP headers, including top-down images", async () => {
    const head = bytesOf("BM", new Uint8Array(12));
    expect(await dimensions("a.bmp", bytesOf(head, u32(12, true), u16(7, true), u16(9, true), [0, 0, 0, 0]))).toEqual([
      7, 9, 7, 9,
    ]);
    for (const headerBytes of [16, 40, 64, 124]) {
      const bytes = bytesOf(head, u32(headerBytes, true), u32(7, true), u32(-9, true));
      expect(await dimensions("a.bmp", bytes)).toEqual([7, 9, 7, 9]);
    }
  });

  it("are those of the main image in a RAW file whose first directory is a preview", async () => {
    const first = [long(0xfe, 1), long(0x100, 160), long(0x101, 120), short(0x112, 8)];
    const mainAt = 8 + directory(8, [...first, long(0x14a, 0)]).length;
    const main = [long(0xfe, 0), long(0x100, 6000), long(0x101, 4000)];
    const bytes = bytesOf("MM\0*", u32(8), directory(8, [...first, long(0x14a, mainAt)]), directory(mainAt, main));
    expect(await dimensions("a.nef", bytes)).toEqual([4000, 6000, 6000, 4000]);
  });

  it("are the area within the sensor borders in an RW2", async () => {
    const borders = [short(0x04, 10), short(0x05, 20), short(0x06, 3010), short(0x07, 4020)];
    expect(await dimensions("a.rw2", tiff({ image: borders }))).toEqual([4000, 3000, 4000, 3000]);
  });

  it("follow HEIF's crop and rotation", async () => {
    expect(await dimensions("a.heic", heic(box("irot", [1])))).toEqual([300, 400, 400, 300]);
    expect(await dimensions("a.heic", heic(box("irot", [2]), box("imir", [0])))).toEqual([400, 300, 400, 300]);
    const crop = box("clap", u32(390), u32(1), u32(290), u32(1), new Uint8Array(16));
    expect(await dimensions("a.heic", heic(crop, box("irot", [3])))).toEqual([290, 390, 400, 300]);
  });

  it("are those of the track in a HEIF image sequence without items", async () => {
    const moov = box("moov", box("trak", tkhd(identityMatrix, 320, 240)));
    expect(await dimensions("a.heic", bytesOf(box("ftyp", "msf1\0\0\0\0hevc"), moov))).toEqual([320, 240, 320, 240]);
  });

  it("are read from a JPEG XL codestream, bare and in boxes", async () => {
    // Small, 8·(1+31) = 256 high, ratio 1:1; metadata all default.
    const codestream = bytesOf([0xff, 0x0a], u16(0b1_001_11111_1, true));
    expect(await dimensions("a.jxl", bytesOf(codestream, new Uint8Array(8)))).toEqual([256, 256, 256, 256]);
    const boxes = bytesOf(box("JXL ", "\r\n\x87\n"), box("ftyp", "jxl "), box("jxlc", codestream));
    expect(await dimensions("a.jxl", boxes)).toEqual([256, 256, 256, 256]);
  });

  it("are 0 with a problem in a file truncated before its header", async () => {
    const info = await readInfo("a.jpg", bytesOf([0xff, 0xd8, 0xff, 0xe0]));
    expect(info).toMatchObject({ width: 0, height: 0, rawWidth: null });
    expect(info.problem).toBe("no image dimensions found: the jpeg file is corrupt or truncated");
  });
});

describe("the dimensions of a video", () => {
  it("are rotated by the track's matrix", async () => {
    expect(await readInfo("a.mp4", mp4(identityMatrix))).toMatchObject({
      width: 1920,
      height: 1080,
      durationSeconds: 2.5,
    });
    expect(await dimensions("a.mp4", mp4(rotation90Matrix))).toEqual([1080, 1920, null, null]);
  });

  it("are read from an AVI", async () => {
    const avih = bytesOf("avih", u32(56, true), new Uint8Array(32), u32(640, true), u32(480, true), new Uint8Array(16));
    const strh = bytesOf(
      "strh",
      u32(56, true),
      "vids",
      new Uint8Array(16),
      u32(1, true),
      u32(25, true),
      u32(0, true),
      u32(50, true),
    );
    const bytes = bytesOf(
      "RIFF",
      u32(0),
      "AVI LIST",
      u32(0),
      "hdrl",
      avih,
      "LIST",
      u32(0),
      "strl",
      strh,
      new Uint8Array(64),
    );
    const info = await readInfo("a.avi", bytes);
    expect(info).toMatchObject({ width: 640, height: 480, durationSeconds: 2 });
    expect(info.metadata.fps).toBe(25);
  });

  it("are read from a Matroska file", async () => {
    const video = element([0xe0], element([0xb0], u16(640)), element([0xba], u16(360)));
    const track = element([0xae], element([0x83], [1]), element([0x23, 0xe3, 0x83], u32(40_000_000)), video);
    const segmentInfo = element([0x15, 0x49, 0xa9, 0x66], element([0x44, 0x89], [0x45, 0x1c, 0x40, 0]));
    const segmentBytes = element([0x18, 0x53, 0x80, 0x67], segmentInfo, element([0x16, 0x54, 0xae, 0x6b], track));
    const info = await readInfo(
      "a.mkv",
      bytesOf(element([0x1a, 0x45, 0xdf, 0xa3], [0x42, 0x86, 0x81, 1]), segmentBytes),
    );
    expect(info).toMatchObject({ width: 640, height: 360, durationSeconds: 2.5, rawWidth: null });
    expect(info.metadata.fps).toBe(25);
  });
});
