/** Metadata of uploads in edited versions, and the rewriting of JPEG and PNG streams. */
import { describe, expect, it } from "vitest";
import { readMediaInfo } from "../../../../src/media/inspect/mediaInfo.ts";
import { formatForFileName, type MediaFormat } from "../../../../src/media/inspect/formats.ts";
import { MalformedImageError } from "../../../../src/media/transcode/rewrite/malformedImage.ts";
import {
  readPreservedMetadata,
  type PreservedMetadata,
} from "../../../../src/media/transcode/rewrite/preservedMetadata.ts";
import { preserveExif, writePreservedExif } from "../../../../src/media/transcode/rewrite/preservedExif.ts";
import { preserveXmp } from "../../../../src/media/transcode/rewrite/preservedXmp.ts";
import { rewriteImage } from "../../../../src/media/transcode/rewrite/rewriteImage.ts";
import { memorySource } from "../../../../src/media/inspect/bytes/byteSource.ts";
import { readImageContent } from "../../../../src/media/inspect/imageInfo.ts";
import { sampleBytes, sampleNames } from "../../../fixtures/media/samples.ts";
import { renderPng } from "../../../support/media/images.ts";
import {
  ascii,
  bytesOf,
  exifSegment,
  jpeg,
  long,
  segment,
  short,
  tiff,
  u16,
  u32,
  xmpPacket,
  xmpSegment,
} from "../../../support/media/buildImage.ts";

const noMetadata: PreservedMetadata = { exif: null, xmp: null, iptc: null };

/** Yields chunks that reuse one buffer, as request bodies do. */
async function* chunks(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  const memory = new Uint8Array(length);
  for (let at = 0; at < bytes.length; at += length) {
    const chunk = bytes.subarray(at, at + length);
    memory.set(chunk);
    yield memory.subarray(0, chunk.length);
    memory.fill(0x55);
  }
}

async function rewrite(sent: Uint8Array, preserved: PreservedMetadata, chunkBytes = 65_536): Promise<Uint8Array> {
  const result = await rewriteImage(chunks(sent, chunkBytes), preserved);
  if (result.kind !== "image") throw new Error(`not rewritten: ${result.kind}`);
  const parts: Uint8Array[] = [];
  for await (const chunk of result.bytes) parts.push(chunk.slice());
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

function formatOf(name: string): MediaFormat {
  const format = formatForFileName(name);
  if (format === null) throw new Error(name);
  return format;
}

async function readInfo(bytes: Uint8Array, name: string) {
  const { metadata, width, height } = await readMediaInfo(memorySource(bytes), formatOf(name));
  const { orientation, profileDescription, ...preserved } = metadata;
  return { orientation, profileDescription, preserved, width, height };
}

async function preservedOf(bytes: Uint8Array): Promise<PreservedMetadata> {
  return await readPreservedMetadata(memorySource(bytes));
}

function has(bytes: Uint8Array, text: string): boolean {
  return new TextDecoder("latin1").decode(bytes).includes(text);
}

const photos = sampleNames.filter((name) => formatOf(name).mediaType === "image");

describe("edited version of each sample photo", { timeout: 30_000 }, () => {
  for (const name of photos) {
    it(`keeps the metadata of ${name}, upright and with its own dimensions`, async () => {
      const upload = await sampleBytes(name);
      const before = await readInfo(upload, name);
      const preserved = await preservedOf(upload);
      for (const [edit, of] of [
        ["prairie_falcon.jpg", "edit.jpg"],
        ["0025_density_plot.png", "edit.png"],
      ] as const) {
        const sent = await sampleBytes(edit);
        const own = await readInfo(sent, of);
        const after = await readInfo(await rewrite(sent, preserved), of);
        expect(after.preserved).toEqual(before.preserved);
        expect([1, null]).toContain(after.orientation);
        expect([after.width, after.height]).toEqual([own.width, own.height]);
        expect(after.profileDescription).toBe(own.profileDescription);
      }
    });
  }
});

describe("rewriteImage", () => {
  it("is independent of chunk sizes", async () => {
    const preserved = await preservedOf(await sampleBytes("IMG_7943.HEIC"));
    for (const name of ["picasa.jpg", "el_torcal_rocks.jpg", "new_location_shown.png"]) {
      const sent = (await sampleBytes(name)).slice();
      const whole = await rewrite(sent, preserved);
      for (const length of [1, 2, 7, 1000]) expect(await rewrite(sent, preserved, length)).toEqual(whole);
    }
  });

  it("keeps all decoded bytes", async () => {
    for (const name of ["prairie_falcon.jpg", "new_location_shown.png", "mongolels.jpg"]) {
      const sent = await sampleBytes(name);
      const withoutMetadata = await rewrite(sent, noMetadata);
      expect(await rewrite(await rewrite(sent, await preservedOf(sent)), noMetadata)).toEqual(withoutMetadata);
      const content = await readImageContent(memorySource(withoutMetadata), formatOf(name).family);
      expect([content?.exif, content?.xmp, content?.iptc]).toEqual([[], [], []]);
      expect(content?.icc).toEqual((await readImageContent(memorySource(sent), formatOf(name).family))?.icc);
    }
  });

  it("drops EXIF, comments, thumbnails and trailing data", async () => {
    const plain = await rewrite(await sampleBytes("picasa.jpg"), noMetadata);
    const frame = plain.subarray(2);
    const jfif = segment(0xe0, "JFIF\0", [1, 1, 0, 0, 1, 0, 1, 1, 1], "THU");
    const noisy = bytesOf(
      [0xff, 0xd8],
      jfif,
      segment(0xe0, "JFXX\0secret"),
      exifSegment({ image: [ascii(0x10f, "secret camera\0")] }),
      xmpSegment("<dc:description>secret caption</dc:description>"),
      segment(0xed, "Photoshop 3.0\0secret"),
      segment(0xfe, "secret comment"),
      segment(0xe2, "MPF\0secret"),
      segment(0xeb, "JP secret"),
      frame.subarray(frame[1] === 0xe0 ? 18 : 0),
      exifSegment({ image: [ascii(0x10f, "secret trailer\0")] }),
      "secret",
    );
    const withoutMetadata = await rewrite(noisy, noMetadata);
    expect(has(withoutMetadata, "secret")).toBe(false);
    expect(has(withoutMetadata, "THU")).toBe(false);
    expect(withoutMetadata.subarray(-2)).toEqual(Uint8Array.of(0xff, 0xd9));
    const png = await renderPng(3, 3, () => [1, 2, 3, 255]);
    const text = bytesOf(u32(6), "tEXt", "secret", u32(0));
    const withText = bytesOf(png.subarray(0, 33), text, png.subarray(33), "secret");
    expect(await rewrite(withText, noMetadata)).toEqual(png);
  });

  it.each([
    ["a JPEG truncated in its image data", async () => (await sampleBytes("picasa.jpg")).slice(0, -500), "truncated"],
    ["a JPEG truncated in its header", async () => (await sampleBytes("picasa.jpg")).slice(0, 300), "truncated"],
    ["a JPEG without an end marker", async () => (await sampleBytes("picasa.jpg")).slice(0, -2), "truncated"],
    ["a JPEG of markers only", async () => bytesOf([0xff, 0xd8, 0xff, 0xd9]), "without image data"],
    [
      "a JPEG with a scan before its frame",
      async () => bytesOf([0xff, 0xd8], segment(0xda, [1]), [0, 0xff, 0xd9]),
      "no image dimensions",
    ],
    ["a JPEG with height 0", async () => bytesOf(jpeg(5, 0), [0, 0, 0xff, 0xd9]), "no image dimensions"],
    ["a lossless JPEG", async () => bytesOf([0xff, 0xd8], segment(0xc3, [8], u16(4), u16(4), [1])), "unsupported JPEG"],
    [
      "a JPEG of 12 bits",
      async () => bytesOf([0xff, 0xd8], segment(0xc1, [12], u16(4), u16(4), [1])),
      "unsupported JPEG",
    ],
    ["a truncated PNG", async () => (await renderPng(9, 9, () => [1, 2, 3, 4])).slice(0, -12), "truncated"],
    [
      "a PNG without pixels",
      async () => bytesOf((await renderPng(9, 9, () => [1, 2, 3, 4])).slice(0, 33), u32(0), "IEND", u32(0)),
      "without image data",
    ],
    [
      "a PNG with a damaged header",
      async () => (await renderPng(9, 9, () => [1, 2, 3, 4])).map((byte, at) => (at === 19 ? 77 : byte)),
      "damaged header",
    ],
  ])("rejects %s", async (_what, make, reason) => {
    const sent = new Uint8Array(await make());
    const attempt = rewrite(sent, noMetadata);
    await expect(attempt).rejects.toBeInstanceOf(MalformedImageError);
    await expect(attempt).rejects.toThrow(reason);
  });

  it("distinguishes other formats and an empty body", async () => {
    const kind = async (bytes: Uint8Array) => (await rewriteImage(chunks(bytes, 3), noMetadata)).kind;
    expect(await kind(await sampleBytes("0010_test.gif"))).toBe("other");
    expect(await kind(await sampleBytes("IMG_7943.HEIC"))).toBe("other");
    expect(await kind(bytesOf("hello"))).toBe("other");
    expect(await kind(new Uint8Array())).toBe("empty");
  });

  it("throws only MalformedImageError for random damage", async () => {
    let state = 7;
    const random = (below: number) => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) % below;
    for (const name of ["picasa.jpg", "new_location_shown.png"]) {
      const sample = await sampleBytes(name);
      const preserved = await preservedOf(sample);
      for (let i = 0; i < 60; i++) {
        const bytes = sample.slice(0, sample.length - random(2) * random(sample.length));
        for (let left = random(8); left > 0; left--) bytes[random(Math.min(bytes.length, 3000))] = random(256);
        const result = await rewrite(bytes, preserved, 4096).catch((error: unknown) => error);
        if (!(result instanceof Uint8Array) && !(result instanceof MalformedImageError)) {
          expect(String(result)).toMatch(/^Error: not rewritten/);
        }
      }
    }
  });
});

describe("preserved EXIF", () => {
  const size = { width: 30, height: 20 };

  async function written(tiffBytes: Uint8Array) {
    const preserved = await preserveExif([{ source: memorySource(tiffBytes), firstDirectory: "image" }]);
    return preserved === null ? null : writePreservedExif(preserved, size);
  }

  it("omits thumbnails, pointers and pixel layout", async () => {
    const result = await written(
      tiff({
        image: [long(0x100, 4000), ascii(0x10f, "Maker\0"), short(0x112, 6), long(0x111, 8), ascii(0x2bc, "<xmp/>")],
        exif: [
          long(0xa002, 4000),
          long(0xa003, 3000),
          short(0xa001, 2),
          ascii(0x9003, "2020:01:01 00:00:00\0"),
          ascii(0x927c, "Nikon\0preview"),
        ],
      }),
    );
    const bytes = result ?? new Uint8Array();
    expect(has(bytes, "preview")).toBe(false);
    expect(has(bytes, "xmp")).toBe(false);
    const again = await preserveExif([{ source: memorySource(bytes), firstDirectory: "image" }]);
    expect(again?.tables.image.map(({ tag }) => tag)).toEqual([0x10f]);
    expect(again?.tables.exif.map(({ tag }) => tag)).toEqual([0x9003]);
  });

  it("keeps Apple's maker note and drops others", async () => {
    const note = (text: string) => written(tiff({ exif: [{ tag: 0x927c, type: 1, count: text.length, value: text }] }));
    expect(has((await note("Apple iOS\0\0\x01MM\0\0")) ?? new Uint8Array(), "Apple iOS")).toBe(true);
    expect(await note("Canon and its preview")).toBeNull();
  });

  it("is null without values to preserve", async () => {
    expect(await written(new Uint8Array(40))).toBeNull();
    expect(await written(tiff({ image: [long(0x100, 5)] }))).toBeNull();
  });

  it("drops the longest value that doesn't fit a segment", async () => {
    const long20k = (tag: number) => ascii(tag, "x".repeat(20_000));
    const result = await written(
      tiff({
        image: [
          ascii(0x10f, "Maker\0"),
          long20k(0x13b),
          long20k(0x8298),
          long20k(0x10e),
          ascii(0x131, "y".repeat(40_000)),
        ],
      }),
    );
    expect(result?.length).toBeLessThan(60_000);
    expect(has(result ?? new Uint8Array(), "Maker")).toBe(true);
    expect(has(result ?? new Uint8Array(), "yyyy")).toBe(false);
  });

  it("merges blocks of different byte orders", async () => {
    const little = bytesOf(
      "II*\0",
      u32(8, true),
      u16(1, true),
      u16(0x9003, true),
      u16(2, true),
      u32(4, true),
      "abc\0",
      u32(0),
    );
    const number = bytesOf(
      "II*\0",
      u32(8, true),
      u16(1, true),
      u16(0x8827, true),
      u16(3, true),
      u32(1, true),
      u16(400, true),
      u16(0),
      u32(0),
    );
    const preserved = await preserveExif([
      { source: memorySource(tiff({ image: [ascii(0x10f, "Maker\0")] })), firstDirectory: "image" },
      { source: memorySource(little), firstDirectory: "exif" },
      { source: memorySource(number), firstDirectory: "exif" },
    ]);
    const iso = preserved?.tables.exif.find(({ tag }) => tag === 0x8827);
    expect(iso?.bytes).toEqual(Uint8Array.of(1, 144));
    expect(preserved?.littleEndian).toBe(false);
  });
});

describe("preserved XMP", () => {
  const textOf = (packets: Uint8Array[]) => new TextDecoder().decode(preserveXmp(packets) ?? new Uint8Array());
  const other = (inner: string) =>
    new TextEncoder().encode(
      `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">${inner}</rdf:RDF></x:xmpmeta>`,
    );

  it("copies values verbatim, including structures and languages", () => {
    const inner = `<dc:title><rdf:Alt><rdf:li xml:lang="x-default">A &amp; B</rdf:li></rdf:Alt></dc:title><xmp:Rating>4</xmp:Rating>`;
    const text = textOf([xmpPacket(inner)]);
    expect(text).toContain(`<dc:title><rdf:Alt><rdf:li xml:lang="x-default">A &amp; B</rdf:li></rdf:Alt></dc:title>`);
    expect(text).toContain("<xmp:Rating>4</xmp:Rating>");
    expect(text).not.toContain("xmlns:photoshop");
  });

  it("omits properties of the old pixels and of other parts of the file", () => {
    const text = textOf([
      other(`<rdf:Description rdf:about="" xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:t="http://ns.adobe.com/tiff/1.0/"
        xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/" xmlns:GCamera="http://ns.google.com/photos/1.0/camera/"
        xmlns:GPano="http://ns.google.com/photos/1.0/panorama/" xmlns:xmpNote="http://ns.adobe.com/xmp/note/"
        tiff:Orientation="6" tiff:Make="M" crs:Exposure="+1" GCamera:MotionPhoto="1" GPano:ProjectionType="equirectangular"
        xmpNote:HasExtendedXMP="ABC"><t:Orientation>8</t:Orientation><tiff:Model>N</tiff:Model><crs:Look><rdf:Description crs:Name="x"/></crs:Look></rdf:Description>`),
    ]);
    expect(text).toContain('tiff:Make="M"');
    expect(text).toContain("<tiff:Model>N</tiff:Model>");
    expect(text).toContain('GPano:ProjectionType="equirectangular"');
    for (const omitted of ["Orientation", "crs:", "MotionPhoto", "HasExtended"]) expect(text).not.toContain(omitted);
  });

  it("merges packets, the first of each name, and declares used prefixes", () => {
    const text = textOf([
      xmpPacket("<xmp:Rating>4</xmp:Rating>"),
      xmpPacket("<xmp:Rating>1</xmp:Rating><photoshop:City>Brno</photoshop:City>"),
    ]);
    expect(text.match(/<xmp:Rating>/g)).toHaveLength(1);
    expect(text).toContain("<photoshop:City>Brno</photoshop:City>");
    expect(text.match(/<rdf:Description/g)).toHaveLength(2);
  });

  it("keeps what precedes malformed XML and rejects document types", () => {
    expect(textOf([xmpPacket("<xmp:Rating>4</xmp:Rating><dc:title></dc:wrong>")])).toContain("<xmp:Rating>4");
    const bomb = bytesOf('<!DOCTYPE a [<!ENTITY b "boom">]>', xmpPacket("<dc:title>&b;</dc:title>"));
    expect(preserveXmp([bomb])).toBeNull();
    expect(preserveXmp([bytesOf("no XML at all <")])).toBeNull();
    expect(preserveXmp([])).toBeNull();
  });

  it("drops the longest value that doesn't fit a segment", () => {
    const text = textOf([xmpPacket(`<dc:title>${"h".repeat(90_000)}</dc:title><xmp:Rating>4</xmp:Rating>`)]);
    expect(text).toContain("<xmp:Rating>4");
    expect(text).not.toContain("hhh");
  });

  it("ignores packets made to take long", () => {
    const many = Array.from({ length: 3000 }, (_, i) => `xmlns:n${i}="u${i}"`).join(" ");
    const nested = "<dc:a>".repeat(50_000);
    const result = preserveXmp([
      other(`<rdf:Description ${many}><n1:a/></rdf:Description>`),
      xmpPacket(nested),
      xmpPacket("<dc:a b='".repeat(20_000)),
    ]);
    expect(result).toBeNull();
  });
});

describe("readPreservedMetadata", () => {
  it("detects the format and returns nothing for unknown data", async () => {
    expect(await preservedOf(bytesOf("just text"))).toEqual(noMetadata);
    expect(await preservedOf(new Uint8Array())).toEqual(noMetadata);
    const broken = (await sampleBytes("IMG_7943.HEIC")).slice(0, 3000);
    expect((await preservedOf(broken)).iptc).toBeNull();
  });

  it("reads a bounded part of the file", async () => {
    for (const name of photos) {
      const bytes = await sampleBytes(name);
      let read = 0;
      await readPreservedMetadata({
        sizeBytes: bytes.length,
        read: (offset, length) => {
          const part = bytes.subarray(offset, offset + length);
          read += part.length;
          return Promise.resolve(part);
        },
      });
      expect(read).toBeLessThanOrEqual(512 * 1024);
    }
  });
});
