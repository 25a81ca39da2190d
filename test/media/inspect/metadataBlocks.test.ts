/** Metadata blocks in each container, in every form that writers produce. */
import { Buffer } from "node:buffer";
import { brotliCompressSync, constants, deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readMediaInfo } from "../../../src/media/inspect/mediaInfo.ts";
import { formatForFileName } from "../../../src/media/inspect/formats.ts";
import type { FileMetadata } from "../../../src/media/inspect/metadata/fileMetadata.ts";
import {
  type Part,
  type TiffTags,
  ascii,
  box,
  bytesOf,
  chunk,
  exifSegment,
  jpeg,
  segment,
  short,
  tiff,
  u16,
  u32,
  xmpPacket,
} from "../../support/media/buildImage.ts";
import { type CountingSource, countingSource } from "../../support/media/countingSource.ts";

const madeBy = (make: string): TiffTags => ({ image: [ascii(0x10f, `${make}\0`)] });
const rated = (rating: number) => xmpPacket(`<xmp:Rating>${rating}</xmp:Rating>`);
const inCity = (city: string) => bytesOf([0x1c, 2, 90], u16(city.length), city);

/** An ICC profile with a description only. */
function profile(name: string): Uint8Array {
  const desc = bytesOf("desc", u32(0), u32(name.length + 1), name, [0]);
  return bytesOf(new Uint8Array(128), u32(1), "desc", u32(144), u32(desc.length), desc);
}

function resource(id: number, data: Uint8Array): Uint8Array {
  return bytesOf("8BIM", u16(id), [0, 0], u32(data.length), data, data.length % 2 === 1 ? [0] : []);
}

async function readIn(name: string, source: CountingSource): Promise<FileMetadata> {
  const format = formatForFileName(name);
  if (format === null) throw new Error(`unknown extension: ${name}`);
  return (await readMediaInfo(source, format)).metadata;
}

const read = (name: string, ...parts: Part[]) => readIn(name, countingSource(bytesOf(...parts)));

describe("a JPEG", () => {
  it("has EXIF after junk, fill bytes and a misspelled name", async () => {
    const block = tiff(madeBy("Maker"));
    const variants = [
      bytesOf(segment(0xe0, "JFIF\0"), "junk\xff\0", exifSegment(madeBy("Maker"))),
      bytesOf([0xff, 0xff, 0xff], exifSegment(madeBy("Maker"))),
      segment(0xe1, "\0\0\xff\xe1Exif\0\0", block),
      segment(0xe1, "EXIF\0\xff", block),
    ];
    for (const variant of variants) expect((await read("a.jpg", jpeg(8, 8, variant))).make).toBe("Maker");
  });

  it("has EXIF that continues in the next segment", async () => {
    const block = tiff({ image: [ascii(0x10e, `${"x".repeat(300)}\0`), ascii(0x10f, "Maker\0")] });
    const parts = [block.subarray(0, 200), block.subarray(200)].map((part) => segment(0xe1, "Exif\0\0", part));
    expect(await read("a.jpg", jpeg(8, 8, ...parts))).toMatchObject({ make: "Maker", description: "x".repeat(300) });
  });

  it("has metadata after the frame header", async () => {
    const frame = jpeg(8, 8).subarray(2, -2);
    const late = bytesOf(segment(0xe2, "ICC_PROFILE\0\x01\x01", profile("Late")), exifSegment(madeBy("Maker")));
    const metadata = await read("a.jpg", [0xff, 0xd8], frame, late, [0xff, 0xda]);
    expect(metadata).toMatchObject({ make: "Maker", profileDescription: "Late" });
  });

  it("has an XMP packet without its name", async () => {
    expect((await read("a.jpg", jpeg(8, 8, segment(0xe1, "XMP\0", rated(4))))).rating).toBe(4);
    expect((await read("a.jpg", jpeg(8, 8, segment(0xe1, '<?xpacket begin=""?>', rated(3))))).rating).toBe(3);
  });

  it("has IPTC in Photoshop resources, split or in several blocks", async () => {
    const resources = bytesOf(resource(0x3ed, new Uint8Array(15)), resource(0x404, inCity("Wien")));
    const app13 = (part: Uint8Array) => segment(0xed, "Photoshop 3.0\0", part);
    const cut = [resources.subarray(0, 40), resources.subarray(40)].map(app13);
    const several = [resource(0x3ed, new Uint8Array(15)), resource(0x404, inCity("Wien"))].map(app13);
    const old = segment(0xed, "Adobe_Photoshop2.5:", new Uint8Array(8), resources);
    for (const parts of [[app13(resources)], cut, several, [old]]) {
      expect((await read("a.jpg", jpeg(8, 8, ...parts))).city).toBe("Wien");
    }
  });

  it("skips a depth map in extended XMP", async () => {
    const head = bytesOf("http://ns.adobe.com/xmp/extension/\0", "0".repeat(32), u32(6_000_000));
    const parts = Array.from({ length: 90 }, (_, i) => segment(0xe1, head, u32(i * 65_000), new Uint8Array(65_000)));
    const source = countingSource(jpeg(8, 8, ...parts, exifSegment(madeBy("Maker"))));
    expect((await readIn("a.jpg", source)).make).toBe("Maker");
    expect(source.counts.bytes).toBeLessThan(2 * 1024 * 1024);
  });
});

const pngChunk = (type: string, ...body: Part[]) => {
  const bytes = bytesOf(...body);
  return bytesOf(u32(bytes.length), type, bytes, [0, 0, 0, 0]);
};

function png(...chunks: Uint8Array[]): Uint8Array {
  const header = pngChunk("IHDR", u32(8), u32(8), [8, 2, 0, 0, 0]);
  return bytesOf("\x89PNG\r\n\x1a\n", header, ...chunks, pngChunk("IEND"));
}

const rawProfile = (name: string, data: Uint8Array) =>
  bytesOf(`\n${name}\n${String(data.length).padStart(8)}\n`, Buffer.from(data).toString("hex"), "\n");

describe("a PNG", () => {
  it("has EXIF in eXIf, tEXt and zTXt chunks", async () => {
    const block = tiff(madeBy("Maker"));
    const named = bytesOf("Exif\0\0", block);
    const variants = [
      pngChunk("eXIf", block),
      pngChunk("eXIf", named),
      pngChunk("tEXt", "Raw profile type APP1\0", rawProfile("generic profile", named)),
      pngChunk("zTXt", "Raw profile type exif\0\0", deflateSync(rawProfile("exif", named))),
    ];
    for (const variant of variants) expect((await read("a.png", png(variant))).make).toBe("Maker");
  });

  it("has XMP and IPTC in iTXt, tEXt and zTXt chunks", async () => {
    const xmp = [
      pngChunk("iTXt", "XML:com.adobe.xmp\0\0\0\0\0", rated(4)),
      pngChunk("iTXt", "XML:com.adobe.xmp\0\x01\0\0\0", deflateSync(rated(4))),
      pngChunk("tEXt", "XML:com.adobe.xmp\0", rated(4)),
      pngChunk("zTXt", "Raw profile type xmp\0\0", deflateSync(rawProfile("xmp", rated(4)))),
    ];
    for (const variant of xmp) expect((await read("a.png", png(variant))).rating).toBe(4);
    const iptc = pngChunk("tEXt", "Raw profile type iptc\0", rawProfile("iptc", resource(0x404, inCity("Wien"))));
    expect((await read("a.png", png(iptc))).city).toBe("Wien");
  });

  it("has its Description as the caption, and no other text", async () => {
    const title = pngChunk("tEXt", "Title\0A title");
    const comment = pngChunk("tEXt", "Comment\0Created with GIMP");
    expect((await read("a.png", png(title, comment))).description).toBeNull();
    expect((await read("a.png", png(title, pngChunk("tEXt", "Description\0A hill")))).description).toBe("A hill");
    const international = pngChunk("iTXt", "Description\0\0\0\0\0", new TextEncoder().encode("Ein Hügel"));
    expect((await read("a.png", png(international))).description).toBe("Ein Hügel");
  });

  it("has dimensions if another chunk precedes IHDR, and none without IHDR", async () => {
    const format = formatForFileName("a.png");
    const start = "\x89PNG\r\n\x1a\n";
    const header = pngChunk("IHDR", u32(9), u32(7), [8, 2, 0, 0, 0]);
    const apple = countingSource(bytesOf(start, pngChunk("CgBI", [0x50, 0, 0x20, 2]), header));
    expect(format && (await readMediaInfo(apple, format))).toMatchObject({ width: 9, height: 7 });
    const noise = countingSource(bytesOf(start, new Uint8Array(100).fill(0x77)));
    expect(format && (await readMediaInfo(noise, format))).toMatchObject({ width: 0, height: 0, rawWidth: null });
  });

  it("has metadata after a thousand IDAT chunks, which are not read", async () => {
    const idatChunks = Array.from({ length: 1000 }, () => pngChunk("IDAT", new Uint8Array(8192)));
    const source = countingSource(png(...idatChunks, pngChunk("eXIf", tiff(madeBy("Maker")))));
    expect((await readIn("a.png", source)).make).toBe("Maker");
    expect(source.counts.bytes).toBeLessThan(512 * 1024);
  });
});

describe("a GIF", () => {
  const subBlocks = (text: string) => bytesOf([text.length], text, [0]);
  const comment = (text: string) => bytesOf([0x21, 0xfe], subBlocks(text));
  const frame = bytesOf([0x2c], new Uint8Array(8), [0, 2], subBlocks("pixels"));
  const gif = (...blocks: Uint8Array[]) =>
    bytesOf("GIF89a", u16(8, true), u16(8, true), [0x80, 0, 0], new Uint8Array(6), ...blocks, [0x3b]);

  it("has its comment as the caption, unless it is the name of a program", async () => {
    expect((await read("a.gif", gif(comment("A hill"), frame))).description).toBe("A hill");
    expect((await read("a.gif", gif(frame, comment("A hill")))).description).toBe("A hill");
    expect((await read("a.gif", gif(comment("Created with GIMP"), frame))).description).toBeNull();
  });

  it("has XMP and an ICC profile in application extensions", async () => {
    const trailer = bytesOf(
      [1],
      Uint8Array.from({ length: 256 }, (_, i) => 255 - i),
      [0],
    );
    const xmp = bytesOf([0x21, 0xff, 11], "XMP DataXMP", rated(5), trailer);
    const icc = bytesOf([0x21, 0xff, 11], "ICCRGBG1012", [profile("Screen").length], profile("Screen"), [0]);
    expect(await read("a.gif", gif(icc, xmp, frame))).toMatchObject({ rating: 5, profileDescription: "Screen" });
  });

  it("is not read to the end if it is a long animation", async () => {
    const long = bytesOf(
      [0x2c],
      new Uint8Array(8),
      [0, 2],
      bytesOf(...Array.from({ length: 400 }, () => bytesOf([255], new Uint8Array(255).fill(1)))),
      [0],
    );
    const source = countingSource(gif(...Array.from({ length: 30 }, () => long)));
    await readIn("a.gif", source);
    expect(source.counts.bytes).toBeLessThan(256 * 1024);
  });
});

describe("a WebP", () => {
  const webp = (...chunks: Uint8Array[]) => bytesOf("RIFF", [0, 0, 0, 0], "WEBP", ...chunks);
  const canvas = (flags: number) => chunk("VP8X", [flags, 0, 0, 0], [7, 0, 0], [7, 0, 0]);

  it("has EXIF with and without the name of JPEG's segment", async () => {
    for (const name of ["", "Exif\0\0"]) {
      const bytes = webp(canvas(8), chunk("EXIF", name, tiff(madeBy("Maker"))));
      expect((await read("a.webp", bytes)).make).toBe("Maker");
    }
  });

  it("has XMP in a chunk whose type ends in NUL instead of a space", async () => {
    const packet = xmpPacket("<xmp:Rating>4</xmp:Rating>");
    for (const name of ["XMP ", "XMP\0"]) {
      expect((await read("a.webp", webp(canvas(4), chunk(name, packet)))).rating).toBe(4);
    }
  });

  it("has metadata after the frames of a long animation, which are not read", async () => {
    const frames = Array.from({ length: 300 }, () => chunk("ANMF", new Uint8Array(20_000)));
    const source = countingSource(webp(canvas(0x0e), ...frames, chunk("EXIF", tiff(madeBy("Maker")))));
    expect((await readIn("a.webp", source)).make).toBe("Maker");
    expect(source.counts.bytes).toBeLessThan(1024 * 1024);
  });
});

describe("a JPEG XL", () => {
  it("has EXIF and XMP, plain and Brotli-compressed", async () => {
    const start = bytesOf(box("JXL ", "\r\n\x87\n"), box("ftyp", "jxl \0\0\0\0jxl "));
    const exif = bytesOf(u32(0), tiff(madeBy("Maker")));
    const plain = bytesOf(start, box("Exif", exif), box("xml ", rated(4)));
    const compressed = bytesOf(
      start,
      box("brob", "Exif", brotliCompressSync(exif)),
      box("brob", "xml ", brotliCompressSync(rated(4))),
    );
    for (const bytes of [plain, compressed]) {
      expect(await read("a.jxl", bytes)).toMatchObject({ make: "Maker", rating: 4 });
    }
  });

  it("skips a Brotli bomb and an invalid Brotli stream", async () => {
    const quick = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };
    const bomb = box("brob", "xml ", brotliCompressSync(new Uint8Array(20_000_000), quick));
    const bytes = bytesOf(box("JXL ", "\r\n\x87\n"), bomb, box("brob", "Exif", "not Brotli"), box("xml ", rated(4)));
    expect((await read("a.jxl", bytes)).rating).toBe(4);
  });
});

/** One item of metadata in `mdat`, or in `idat`. */
function heif(type: string, item: Uint8Array, { encoding = "", inIdat = false, base = 0 } = {}): Uint8Array {
  const full = (name: string, version: number, ...body: Part[]) => box(name, [version, 0, 0, 0], ...body);
  const names = type === "mime" ? `\0application/rdf+xml\0${encoding}\0` : "\0";
  const meta = (offset: number) =>
    full(
      "meta",
      0,
      full("pitm", 0, u16(1)),
      full("iinf", 0, u16(1), full("infe", 2, u16(2), u16(0), type, names)),
      full(
        "iloc",
        1,
        [0x44, 0x40],
        u16(1),
        [...u16(2), 0, inIdat ? 1 : 0, ...u16(0)],
        [...u32(base), ...u16(1), ...u32(offset - base), ...u32(item.length)],
      ),
      inIdat ? box("idat", item) : [],
    );
  const start = box("ftyp", "heic\0\0\0\0mif1");
  const offset = inIdat ? base : start.length + meta(0).length + 8;
  return bytesOf(start, meta(offset), box("mdat", item));
}

describe("a HEIF", () => {
  it("has EXIF at its offset, or with a wrong offset", async () => {
    const block = tiff(madeBy("Maker"));
    const items = [
      bytesOf(u32(0), block),
      bytesOf(u32(6), "Exif\0\0", block),
      bytesOf(u32(0), "Exif\0\0", block),
      bytesOf(u32(0xffffffff), block),
      block,
    ];
    for (const item of items) expect((await read("a.heic", heif("Exif", item))).make).toBe("Maker");
    const options = [{ base: 40 }, { inIdat: true }];
    for (const option of options)
      expect((await read("a.heic", heif("Exif", bytesOf(u32(0), block), option))).make).toBe("Maker");
  });

  it("has XMP, plain and deflated", async () => {
    expect((await read("a.heic", heif("mime", rated(4)))).rating).toBe(4);
    expect((await read("a.avif", heif("mime", deflateSync(rated(4)), { encoding: "deflate" }))).rating).toBe(4);
  });
});

describe("a TIFF", () => {
  it("has EXIF tags in its first directory", async () => {
    const image = [ascii(0x9003, "2024:07:15 12:00:00\0"), short(0x8827, 400), ascii(0xa434, "Lens\0")];
    expect(await read("a.tif", tiff({ image }))).toMatchObject({ iso: 400, lensModel: "Lens" });
    expect(await read("a.tif", tiff({ image, exif: [short(0x8827, 100)] }))).toMatchObject({ iso: 100 });
  });

  it("is also read as BigTIFF", async () => {
    const u64 = (value: number) => [...u32(0), ...u32(value)];
    const entry = (tag: number, type: number, count: number, value: Part) =>
      bytesOf(u16(tag), u16(type), u64(count), value);
    const entries = [
      entry(0x100, 3, 1, [...u16(640), ...new Uint8Array(6)]),
      entry(0x101, 16, 1, u64(480)),
      entry(0x10f, 2, 6, "Maker\0\0\0"),
      entry(0x110, 2, 11, u64(16 + 8 + 4 * 20 + 8)),
    ];
    const bytes = bytesOf("MM\0+", u16(8), u16(0), u64(16), u64(4), ...entries, u64(0), "Long model\0");
    const format = formatForFileName("a.tif");
    const info = format && (await readMediaInfo(countingSource(bytes), format));
    expect(info).toMatchObject({ width: 640, height: 480, metadata: { make: "Maker", model: "Long model" } });
  });

  it("has IPTC stored as byte-swapped 32-bit numbers", async () => {
    const block = bytesOf(inCity("Wien"), [0, 0, 0]);
    const swapped = block.map((_, i) => block[i - (i % 4) + 3 - (i % 4)] ?? 0);
    const image = [{ tag: 0x83bb, type: 4, count: swapped.length / 4, value: swapped } as const];
    expect((await read("a.tif", tiff({ image }))).city).toBe("Wien");
  });
});

describe("a RAW file", () => {
  it("of Panasonic has ISO, and the EXIF of its embedded JPEG", async () => {
    const embedded = jpeg(8, 8, exifSegment({ exif: [ascii(0xa434, "Lens\0")] }));
    expect(await read("a.rw2", littleEndianRw2(embedded))).toMatchObject({ iso: 800, lensModel: "Lens" });
  });
});

function littleEndianRw2(embeddedJpeg: Uint8Array): Uint8Array {
  const entry = (tag: number, type: number, count: number, value: number) =>
    bytesOf(u16(tag, true), u16(type, true), u32(count, true), u32(value, true));
  const entries = [entry(0x17, 3, 1, 800), entry(0x2e, 7, embeddedJpeg.length, 8 + 2 + 24 + 4)];
  return bytesOf("IIU\0", u32(8, true), u16(2, true), ...entries, u32(0), embeddedJpeg);
}

describe("a BMP", () => {
  it("has the ICC profile of a BITMAPV5HEADER", async () => {
    const icc = profile("Screen");
    const header = bytesOf(
      u32(124, true),
      [...u32(8, true), ...u32(8, true)],
      new Uint8Array(44),
      [...u32(0x4d424544, true)],
      new Uint8Array(52),
      [...u32(124, true), ...u32(icc.length, true), ...u32(0)],
    );
    expect((await read("a.bmp", "BM", new Uint8Array(12), header, icc)).profileDescription).toBe("Screen");
  });
});
