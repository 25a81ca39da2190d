/** Metadata of an upload in the file of an edit: what goes along, what does not, and what the picture's bytes go through. */
import { describe, expect, it } from "vitest";
import { readFacts } from "../../../../src/media/inspect/mediaInfo.ts";
import { formatOfFileName, type MediaFormat } from "../../../../src/media/inspect/formats.ts";
import { BrokenPicture } from "../../../../src/media/transcode/rewrite/malformedImage.ts";
import { readCarried, type CarriedMetadata } from "../../../../src/media/transcode/rewrite/preservedMetadata.ts";
import { carryExif, writeCarriedExif } from "../../../../src/media/transcode/rewrite/preservedExif.ts";
import { carryXmp } from "../../../../src/media/transcode/rewrite/preservedXmp.ts";
import { rewriteStill } from "../../../../src/media/transcode/rewrite/rewriteImage.ts";
import { memorySource } from "../../../../src/media/inspect/bytes/byteSource.ts";
import { readStillContent } from "../../../../src/media/inspect/imageInfo.ts";
import { sampleBytes, sampleNames } from "../../../fixtures/media/samples.ts";
import { pngOf } from "../../../support/media/images.ts";
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

const nothing: CarriedMetadata = { exif: null, xmp: null, iptc: null };

/** In chunks whose memory is used again, as a request's body comes. */
async function* chunks(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  const memory = new Uint8Array(length);
  for (let at = 0; at < bytes.length; at += length) {
    const chunk = bytes.subarray(at, at + length);
    memory.set(chunk);
    yield memory.subarray(0, chunk.length);
    memory.fill(0x55);
  }
}

async function rewritten(sent: Uint8Array, carried: CarriedMetadata, chunkBytes = 65_536): Promise<Uint8Array> {
  const result = await rewriteStill(chunks(sent, chunkBytes), carried);
  if (result.kind !== "picture") throw new Error(`no picture: ${result.kind}`);
  const parts: Uint8Array[] = [];
  for await (const chunk of result.bytes) parts.push(chunk.slice());
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

function formatOf(name: string): MediaFormat {
  const format = formatOfFileName(name);
  if (format === null) throw new Error(name);
  return format;
}

async function factsOf(bytes: Uint8Array, name: string) {
  const { metadata, width, height } = await readFacts(memorySource(bytes), formatOf(name));
  const { orientation, profileDescription, ...carried } = metadata;
  return { orientation, profileDescription, carried, width, height };
}

async function carriedOf(bytes: Uint8Array): Promise<CarriedMetadata> {
  return await readCarried(memorySource(bytes));
}

function has(bytes: Uint8Array, text: string): boolean {
  return new TextDecoder("latin1").decode(bytes).includes(text);
}

const photos = sampleNames.filter((name) => formatOf(name).mediaType === "image");

describe("an edit of each sample photo", { timeout: 30_000 }, () => {
  for (const name of photos) {
    it(`tells of ${name} what the photo tells, upright and of its own size`, async () => {
      const upload = await sampleBytes(name);
      const before = await factsOf(upload, name);
      const carried = await carriedOf(upload);
      for (const [edit, of] of [
        ["0016_prairie_falcon.jpg", "edit.jpg"],
        ["0025_density_plot.png", "edit.png"],
      ] as const) {
        const sent = await sampleBytes(edit);
        const own = await factsOf(sent, of);
        const after = await factsOf(await rewritten(sent, carried), of);
        expect(after.carried).toEqual(before.carried);
        expect([1, null]).toContain(after.orientation);
        expect([after.width, after.height]).toEqual([own.width, own.height]);
        expect(after.profileDescription).toBe(own.profileDescription);
      }
    });
  }
});

describe("the picture of an edit", () => {
  it("is the same whatever pieces it comes in", async () => {
    const carried = await carriedOf(await sampleBytes("0021_IMG_7943.HEIC"));
    for (const name of ["0014_picasa.jpg", "0007_el_torcal_rocks.jpg", "0013_new_location_shown.png"]) {
      const sent = (await sampleBytes(name)).slice();
      const whole = await rewritten(sent, carried);
      for (const length of [1, 2, 7, 1000]) expect(await rewritten(sent, carried, length)).toEqual(whole);
    }
  });

  it("keeps every byte that is decoded: rewritten again without metadata it is what it was", async () => {
    for (const name of ["0016_prairie_falcon.jpg", "0013_new_location_shown.png", "0012_mongolels.jpg"]) {
      const sent = await sampleBytes(name);
      const bare = await rewritten(sent, nothing);
      expect(await rewritten(await rewritten(sent, await carriedOf(sent)), nothing)).toEqual(bare);
      const content = await readStillContent(memorySource(bare), formatOf(name).family);
      expect([content?.tiff, content?.xmp, content?.iptc]).toEqual([[], [], []]);
      expect(content?.icc).toEqual((await readStillContent(memorySource(sent), formatOf(name).family))?.icc);
    }
  });

  it("loses what its own file says: EXIF, comments, thumbnails, what lies behind its end", async () => {
    const plain = await rewritten(await sampleBytes("0014_picasa.jpg"), nothing);
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
    const bare = await rewritten(noisy, nothing);
    expect(has(bare, "secret")).toBe(false);
    expect(has(bare, "THU")).toBe(false);
    expect(bare.subarray(-2)).toEqual(Uint8Array.of(0xff, 0xd9));
    const png = await pngOf(3, 3, () => [1, 2, 3, 255]);
    const text = bytesOf(u32(6), "tEXt", "secret", u32(0));
    const withText = bytesOf(png.subarray(0, 33), text, png.subarray(33), "secret");
    expect(await rewritten(withText, nothing)).toEqual(png);
  });

  it.each([
    ["a JPEG cut short in its picture", async () => (await sampleBytes("0014_picasa.jpg")).slice(0, -500), "cut short"],
    ["a JPEG cut short in its head", async () => (await sampleBytes("0014_picasa.jpg")).slice(0, 300), "cut short"],
    ["a JPEG without its last marker", async () => (await sampleBytes("0014_picasa.jpg")).slice(0, -2), "cut short"],
    ["a JPEG of nothing but marks", async () => bytesOf([0xff, 0xd8, 0xff, 0xd9]), "without a picture"],
    [
      "a JPEG with a scan before its frame",
      async () => bytesOf([0xff, 0xd8], segment(0xda, [1]), [0, 0xff, 0xd9]),
      "how large",
    ],
    ["a JPEG of no height", async () => bytesOf(jpeg(5, 0), [0, 0, 0xff, 0xd9]), "how large"],
    ["a lossless JPEG", async () => bytesOf([0xff, 0xd8], segment(0xc3, [8], u16(4), u16(4), [1])), "browsers"],
    ["a JPEG of 12 bits", async () => bytesOf([0xff, 0xd8], segment(0xc1, [12], u16(4), u16(4), [1])), "browsers"],
    ["a PNG cut short", async () => (await pngOf(9, 9, () => [1, 2, 3, 4])).slice(0, -12), "cut short"],
    [
      "a PNG without a picture",
      async () => bytesOf((await pngOf(9, 9, () => [1, 2, 3, 4])).slice(0, 33), u32(0), "IEND", u32(0)),
      "without a picture",
    ],
    [
      "a PNG with a broken head",
      async () => (await pngOf(9, 9, () => [1, 2, 3, 4])).map((byte, at) => (at === 19 ? 77 : byte)),
      "header is broken",
    ],
  ])("is refused where it is %s", async (_what, make, reason) => {
    const sent = new Uint8Array(await make());
    const attempt = rewritten(sent, nothing);
    await expect(attempt).rejects.toBeInstanceOf(BrokenPicture);
    await expect(attempt).rejects.toThrow(reason);
  });

  it("is told from what is neither JPEG nor PNG, and from nothing", async () => {
    const kind = async (bytes: Uint8Array) => (await rewriteStill(chunks(bytes, 3), nothing)).kind;
    expect(await kind(await sampleBytes("0010_test.gif"))).toBe("other");
    expect(await kind(await sampleBytes("0021_IMG_7943.HEIC"))).toBe("other");
    expect(await kind(bytesOf("hello"))).toBe("other");
    expect(await kind(new Uint8Array())).toBe("empty");
  });

  it("never fails but for a broken picture, whatever bytes come", async () => {
    let state = 7;
    const random = (below: number) => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) % below;
    for (const name of ["0014_picasa.jpg", "0013_new_location_shown.png"]) {
      const sample = await sampleBytes(name);
      const carried = await carriedOf(sample);
      for (let i = 0; i < 60; i++) {
        const bytes = sample.slice(0, sample.length - random(2) * random(sample.length));
        for (let left = random(8); left > 0; left--) bytes[random(Math.min(bytes.length, 3000))] = random(256);
        const result = await rewritten(bytes, carried, 4096).catch((error: unknown) => error);
        if (!(result instanceof Uint8Array) && !(result instanceof BrokenPicture)) {
          expect(String(result)).toMatch(/^Error: no picture/);
        }
      }
    }
  });
});

describe("carried EXIF", () => {
  const size = { width: 30, height: 20 };

  async function written(tiffBytes: Uint8Array) {
    const carried = await carryExif([{ source: memorySource(tiffBytes), firstDirectory: "image" }]);
    return carried === null ? null : writeCarriedExif(carried, size);
  }

  it("has no thumbnail, no pointer and nothing of how the old pixels lay", async () => {
    const found = await written(
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
    const bytes = found ?? new Uint8Array();
    expect(has(bytes, "preview")).toBe(false);
    expect(has(bytes, "xmp")).toBe(false);
    const again = await carryExif([{ source: memorySource(bytes), firstDirectory: "image" }]);
    expect(again?.tables.image.map(({ tag }) => tag)).toEqual([0x10f]);
    expect(again?.tables.exif.map(({ tag }) => tag)).toEqual([0x9003]);
  });

  it("keeps Apple's maker note, which counts from its own start, and no other's", async () => {
    const note = (text: string) => written(tiff({ exif: [{ tag: 0x927c, type: 1, count: text.length, value: text }] }));
    expect(has((await note("Apple iOS\0\0\x01MM\0\0")) ?? new Uint8Array(), "Apple iOS")).toBe(true);
    expect(await note("Canon and its preview")).toBeNull();
  });

  it("is null where there is none, or only what is not carried", async () => {
    expect(await written(new Uint8Array(40))).toBeNull();
    expect(await written(tiff({ image: [long(0x100, 5)] }))).toBeNull();
  });

  it("leaves the longest value out where it would not fit a segment", async () => {
    const long20k = (tag: number) => ascii(tag, "x".repeat(20_000));
    const found = await written(
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
    expect(found?.length).toBeLessThan(60_000);
    expect(has(found ?? new Uint8Array(), "Maker")).toBe(true);
    expect(has(found ?? new Uint8Array(), "yyyy")).toBe(false);
  });

  it("puts blocks of two byte orders into one", async () => {
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
    const carried = await carryExif([
      { source: memorySource(tiff({ image: [ascii(0x10f, "Maker\0")] })), firstDirectory: "image" },
      { source: memorySource(little), firstDirectory: "exif" },
      { source: memorySource(number), firstDirectory: "exif" },
    ]);
    const iso = carried?.tables.exif.find(({ tag }) => tag === 0x8827);
    expect(iso?.bytes).toEqual(Uint8Array.of(1, 144));
    expect(carried?.littleEndian).toBe(false);
  });
});

describe("carried XMP", () => {
  const textOf = (packets: Uint8Array[]) => new TextDecoder().decode(carryXmp(packets) ?? new Uint8Array());
  const other = (inner: string) =>
    new TextEncoder().encode(
      `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">${inner}</rdf:RDF></x:xmpmeta>`,
    );

  it("keeps values as they are written, structures and languages too", () => {
    const inner = `<dc:title><rdf:Alt><rdf:li xml:lang="x-default">A &amp; B</rdf:li></rdf:Alt></dc:title><xmp:Rating>4</xmp:Rating>`;
    const text = textOf([xmpPacket(inner)]);
    expect(text).toContain(`<dc:title><rdf:Alt><rdf:li xml:lang="x-default">A &amp; B</rdf:li></rdf:Alt></dc:title>`);
    expect(text).toContain("<xmp:Rating>4</xmp:Rating>");
    expect(text).not.toContain("xmlns:photoshop");
  });

  it("leaves out what speaks of the old pixels or of other parts of the old file", () => {
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
    for (const gone of ["Orientation", "crs:", "MotionPhoto", "HasExtended"]) expect(text).not.toContain(gone);
  });

  it("joins packets, the first of each name, and declares what each description needs", () => {
    const text = textOf([
      xmpPacket("<xmp:Rating>4</xmp:Rating>"),
      xmpPacket("<xmp:Rating>1</xmp:Rating><photoshop:City>Brno</photoshop:City>"),
    ]);
    expect(text.match(/<xmp:Rating>/g)).toHaveLength(1);
    expect(text).toContain("<photoshop:City>Brno</photoshop:City>");
    expect(text.match(/<rdf:Description/g)).toHaveLength(2);
  });

  it("keeps what came before a break, and takes no document type", () => {
    expect(textOf([xmpPacket("<xmp:Rating>4</xmp:Rating><dc:title></dc:wrong>")])).toContain("<xmp:Rating>4");
    const bomb = bytesOf('<!DOCTYPE a [<!ENTITY b "boom">]>', xmpPacket("<dc:title>&b;</dc:title>"));
    expect(carryXmp([bomb])).toBeNull();
    expect(carryXmp([bytesOf("no XML at all <")])).toBeNull();
    expect(carryXmp([])).toBeNull();
  });

  it("is at most as long as a segment, without the longest", () => {
    const text = textOf([xmpPacket(`<dc:title>${"h".repeat(90_000)}</dc:title><xmp:Rating>4</xmp:Rating>`)]);
    expect(text).toContain("<xmp:Rating>4");
    expect(text).not.toContain("hhh");
  });

  it("gives up on a packet made to take long", () => {
    const many = Array.from({ length: 3000 }, (_, i) => `xmlns:n${i}="u${i}"`).join(" ");
    const nested = "<dc:a>".repeat(50_000);
    const found = carryXmp([
      other(`<rdf:Description ${many}><n1:a/></rdf:Description>`),
      xmpPacket(nested),
      xmpPacket("<dc:a b='".repeat(20_000)),
    ]);
    expect(found).toBeNull();
  });
});

describe("carried metadata as a whole", () => {
  it("reads what a picture is by its bytes and gives up on the rest", async () => {
    expect(await carriedOf(bytesOf("just text"))).toEqual(nothing);
    expect(await carriedOf(new Uint8Array())).toEqual(nothing);
    const broken = (await sampleBytes("0021_IMG_7943.HEIC")).slice(0, 3000);
    expect((await carriedOf(broken)).iptc).toBeNull();
  });

  it("reads a bounded part of the file", async () => {
    for (const name of photos) {
      const bytes = await sampleBytes(name);
      let read = 0;
      await readCarried({
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
