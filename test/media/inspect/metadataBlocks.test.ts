/** Where each container keeps its metadata, in the forms that writers have come up with. */
import { Buffer } from "node:buffer";
import { brotliCompressSync, constants, deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readFacts } from "../../../src/media/inspect/mediaInfo.ts";
import { formatOfFileName } from "../../../src/media/inspect/formats.ts";
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

/** A profile that has nothing but a name. */
function profile(name: string): Uint8Array {
  const desc = bytesOf("desc", u32(0), u32(name.length + 1), name, [0]);
  return bytesOf(new Uint8Array(128), u32(1), "desc", u32(144), u32(desc.length), desc);
}

function resource(id: number, data: Uint8Array): Uint8Array {
  return bytesOf("8BIM", u16(id), [0, 0], u32(data.length), data, data.length % 2 === 1 ? [0] : []);
}

async function readIn(name: string, source: CountingSource): Promise<FileMetadata> {
  const format = formatOfFileName(name);
  if (format === null) throw new Error(`unknown extension: ${name}`);
  return (await readFacts(source, format)).metadata;
}

const read = (name: string, ...parts: Part[]) => readIn(name, countingSource(bytesOf(...parts)));

describe("a JPEG", () => {
  it("has its EXIF found behind junk, fill bytes and a misspelt name", async () => {
    const block = tiff(madeBy("Maker"));
    const found = [
      bytesOf(segment(0xe0, "JFIF\0"), "junk\xff\0", exifSegment(madeBy("Maker"))),
      bytesOf([0xff, 0xff, 0xff], exifSegment(madeBy("Maker"))),
      segment(0xe1, "\0\0\xff\xe1Exif\0\0", block),
      segment(0xe1, "EXIF\0\xff", block),
    ];
    for (const one of found) expect((await read("a.jpg", jpeg(8, 8, one))).make).toBe("Maker");
  });

  it("has an EXIF block put together that goes on in the next segment", async () => {
    const block = tiff({ image: [ascii(0x10e, `${"x".repeat(300)}\0`), ascii(0x10f, "Maker\0")] });
    const parts = [block.subarray(0, 200), block.subarray(200)].map((part) => segment(0xe1, "Exif\0\0", part));
    expect(await read("a.jpg", jpeg(8, 8, ...parts))).toMatchObject({ make: "Maker", description: "x".repeat(300) });
  });

  it("has what stands behind its frame header read as well", async () => {
    const frame = jpeg(8, 8).subarray(2, -2);
    const late = bytesOf(segment(0xe2, "ICC_PROFILE\0\x01\x01", profile("Late")), exifSegment(madeBy("Maker")));
    const metadata = await read("a.jpg", [0xff, 0xd8], frame, late, [0xff, 0xda]);
    expect(metadata).toMatchObject({ make: "Maker", profileDescription: "Late" });
  });

  it("has an XMP packet found that lacks its name", async () => {
    expect((await read("a.jpg", jpeg(8, 8, segment(0xe1, "XMP\0", rated(4))))).rating).toBe(4);
    expect((await read("a.jpg", jpeg(8, 8, segment(0xe1, '<?xpacket begin=""?>', rated(3))))).rating).toBe(3);
  });

  it("has IPTC found in Photoshop's resources, cut in two or in several blocks", async () => {
    const resources = bytesOf(resource(0x3ed, new Uint8Array(15)), resource(0x404, inCity("Wien")));
    const app13 = (part: Uint8Array) => segment(0xed, "Photoshop 3.0\0", part);
    const cut = [resources.subarray(0, 40), resources.subarray(40)].map(app13);
    const several = [resource(0x3ed, new Uint8Array(15)), resource(0x404, inCity("Wien"))].map(app13);
    const old = segment(0xed, "Adobe_Photoshop2.5:", new Uint8Array(8), resources);
    for (const parts of [[app13(resources)], cut, several, [old]]) {
      expect((await read("a.jpg", jpeg(8, 8, ...parts))).city).toBe("Wien");
    }
  });

  it("is not read further than is worth it when its extended XMP is a depth map", async () => {
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
  it("has EXIF found in each of its chunks", async () => {
    const block = tiff(madeBy("Maker"));
    const named = bytesOf("Exif\0\0", block);
    const found = [
      pngChunk("eXIf", block),
      pngChunk("eXIf", named),
      pngChunk("tEXt", "Raw profile type APP1\0", rawProfile("generic profile", named)),
      pngChunk("zTXt", "Raw profile type exif\0\0", deflateSync(rawProfile("exif", named))),
    ];
    for (const one of found) expect((await read("a.png", png(one))).make).toBe("Maker");
  });

  it("has XMP and IPTC found in texts of each kind", async () => {
    const xmp = [
      pngChunk("iTXt", "XML:com.adobe.xmp\0\0\0\0\0", rated(4)),
      pngChunk("iTXt", "XML:com.adobe.xmp\0\x01\0\0\0", deflateSync(rated(4))),
      pngChunk("tEXt", "XML:com.adobe.xmp\0", rated(4)),
      pngChunk("zTXt", "Raw profile type xmp\0\0", deflateSync(rawProfile("xmp", rated(4)))),
    ];
    for (const one of xmp) expect((await read("a.png", png(one))).rating).toBe(4);
    const iptc = pngChunk("tEXt", "Raw profile type iptc\0", rawProfile("iptc", resource(0x404, inCity("Wien"))));
    expect((await read("a.png", png(iptc))).city).toBe("Wien");
  });

  it("has its Description for a caption, and no other text", async () => {
    const title = pngChunk("tEXt", "Title\0A title");
    const comment = pngChunk("tEXt", "Comment\0Created with GIMP");
    expect((await read("a.png", png(title, comment))).description).toBeNull();
    expect((await read("a.png", png(title, pngChunk("tEXt", "Description\0A hill")))).description).toBe("A hill");
    const international = pngChunk("iTXt", "Description\0\0\0\0\0", new TextEncoder().encode("Ein Hügel"));
    expect((await read("a.png", png(international))).description).toBe("Ein Hügel");
  });

  it("has its size found where another chunk stands before the header, and none where there is no header", async () => {
    const format = formatOfFileName("a.png");
    const start = "\x89PNG\r\n\x1a\n";
    const header = pngChunk("IHDR", u32(9), u32(7), [8, 2, 0, 0, 0]);
    const apple = countingSource(bytesOf(start, pngChunk("CgBI", [0x50, 0, 0x20, 2]), header));
    expect(format && (await readFacts(apple, format))).toMatchObject({ width: 9, height: 7 });
    const noise = countingSource(bytesOf(start, new Uint8Array(100).fill(0x77)));
    expect(format && (await readFacts(noise, format))).toMatchObject({ width: 0, height: 0, rawWidth: null });
  });

  it("has what follows a picture in a thousand pieces read without reading the pieces", async () => {
    const pieces = Array.from({ length: 1000 }, () => pngChunk("IDAT", new Uint8Array(8192)));
    const source = countingSource(png(...pieces, pngChunk("eXIf", tiff(madeBy("Maker")))));
    expect((await readIn("a.png", source)).make).toBe("Maker");
    expect(source.counts.bytes).toBeLessThan(512 * 1024);
  });
});

describe("a GIF", () => {
  const subBlocks = (text: string) => bytesOf([text.length], text, [0]);
  const comment = (text: string) => bytesOf([0x21, 0xfe], subBlocks(text));
  const frame = bytesOf([0x2c], new Uint8Array(8), [0, 2], subBlocks("picture"));
  const gif = (...blocks: Uint8Array[]) =>
    bytesOf("GIF89a", u16(8, true), u16(8, true), [0x80, 0, 0], new Uint8Array(6), ...blocks, [0x3b]);

  it("has its comment for a caption, unless a program signs there", async () => {
    expect((await read("a.gif", gif(comment("A hill"), frame))).description).toBe("A hill");
    expect((await read("a.gif", gif(frame, comment("A hill")))).description).toBe("A hill");
    expect((await read("a.gif", gif(comment("Created with GIMP"), frame))).description).toBeNull();
  });

  it("has XMP and a profile found in application extensions", async () => {
    const trailer = bytesOf(
      [1],
      Uint8Array.from({ length: 256 }, (_, i) => 255 - i),
      [0],
    );
    const xmp = bytesOf([0x21, 0xff, 11], "XMP DataXMP", rated(5), trailer);
    const icc = bytesOf([0x21, 0xff, 11], "ICCRGBG1012", [profile("Screen").length], profile("Screen"), [0]);
    expect(await read("a.gif", gif(icc, xmp, frame))).toMatchObject({ rating: 5, profileDescription: "Screen" });
  });

  it("is not walked through to its end when it is a long animation", async () => {
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

  it("has EXIF found with the name of JPEG's segment in front and without", async () => {
    for (const name of ["", "Exif\0\0"]) {
      const bytes = webp(canvas(8), chunk("EXIF", name, tiff(madeBy("Maker"))));
      expect((await read("a.webp", bytes)).make).toBe("Maker");
    }
  });

  it("has XMP found in a chunk whose name ends in NUL instead of a blank", async () => {
    const packet = xmpPacket("<xmp:Rating>4</xmp:Rating>");
    for (const name of ["XMP ", "XMP\0"]) {
      expect((await read("a.webp", webp(canvas(4), chunk(name, packet)))).rating).toBe(4);
    }
  });

  it("has what follows the frames of a long animation read without reading the frames", async () => {
    const frames = Array.from({ length: 300 }, () => chunk("ANMF", new Uint8Array(20_000)));
    const source = countingSource(webp(canvas(0x0e), ...frames, chunk("EXIF", tiff(madeBy("Maker")))));
    expect((await readIn("a.webp", source)).make).toBe("Maker");
    expect(source.counts.bytes).toBeLessThan(1024 * 1024);
  });
});

describe("a JPEG XL", () => {
  it("has EXIF and XMP found as they are and packed with Brotli", async () => {
    const start = bytesOf(box("JXL ", "\r\n\x87\n"), box("ftyp", "jxl \0\0\0\0jxl "));
    const exif = bytesOf(u32(0), tiff(madeBy("Maker")));
    const plain = bytesOf(start, box("Exif", exif), box("xml ", rated(4)));
    const packed = bytesOf(
      start,
      box("brob", "Exif", brotliCompressSync(exif)),
      box("brob", "xml ", brotliCompressSync(rated(4))),
    );
    for (const bytes of [plain, packed]) {
      expect(await read("a.jxl", bytes)).toMatchObject({ make: "Maker", rating: 4 });
    }
  });

  it("does not unpack a Brotli bomb, nor fall over what is none", async () => {
    const quick = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };
    const bomb = box("brob", "xml ", brotliCompressSync(new Uint8Array(20_000_000), quick));
    const bytes = bytesOf(box("JXL ", "\r\n\x87\n"), bomb, box("brob", "Exif", "no Brotli"), box("xml ", rated(4)));
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
  it("has EXIF found wherever its offset should point, or does not", async () => {
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
    for (const one of options)
      expect((await read("a.heic", heif("Exif", bytesOf(u32(0), block), one))).make).toBe("Maker");
  });

  it("has XMP found as it is and deflated", async () => {
    expect((await read("a.heic", heif("mime", rated(4)))).rating).toBe(4);
    expect((await read("a.avif", heif("mime", deflateSync(rated(4)), { encoding: "deflate" }))).rating).toBe(4);
  });
});

describe("a TIFF", () => {
  it("has its first directory asked for what belongs in the EXIF directory", async () => {
    const image = [ascii(0x9003, "2024:07:15 12:00:00\0"), short(0x8827, 400), ascii(0xa434, "Lens\0")];
    expect(await read("a.tif", tiff({ image }))).toMatchObject({ iso: 400, lensModel: "Lens" });
    expect(await read("a.tif", tiff({ image, exif: [short(0x8827, 100)] }))).toMatchObject({ iso: 100 });
  });

  it("is read as BigTIFF too", async () => {
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
    const format = formatOfFileName("a.tif");
    const facts = format && (await readFacts(countingSource(bytes), format));
    expect(facts).toMatchObject({ width: 640, height: 480, metadata: { make: "Maker", model: "Long model" } });
  });

  it("has IPTC read that was taken for numbers of four bytes and turned round", async () => {
    const block = bytesOf(inCity("Wien"), [0, 0, 0]);
    const turned = block.map((_, i) => block[i - (i % 4) + 3 - (i % 4)] ?? 0);
    const image = [{ tag: 0x83bb, type: 4, count: turned.length / 4, value: turned } as const];
    expect((await read("a.tif", tiff({ image }))).city).toBe("Wien");
  });
});

describe("a RAW file", () => {
  it("of Panasonic has its ISO found, and the EXIF of the JPEG in it", async () => {
    const inside = jpeg(8, 8, exifSegment({ exif: [ascii(0xa434, "Lens\0")] }));
    expect(await read("a.rw2", littleEndianRw2(inside))).toMatchObject({ iso: 800, lensModel: "Lens" });
  });
});

function littleEndianRw2(inside: Uint8Array): Uint8Array {
  const entry = (tag: number, type: number, count: number, value: number) =>
    bytesOf(u16(tag, true), u16(type, true), u32(count, true), u32(value, true));
  const entries = [entry(0x17, 3, 1, 800), entry(0x2e, 7, inside.length, 8 + 2 + 24 + 4)];
  return bytesOf("IIU\0", u32(8, true), u16(2, true), ...entries, u32(0), inside);
}

describe("a BMP", () => {
  it("has the profile of its latest header found", async () => {
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
