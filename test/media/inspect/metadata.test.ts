/** Metadata that the samples do not cover: unusual, invalid and hostile values. */
import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import { type MediaInfo, readMediaInfo } from "../../../src/media/inspect/mediaInfo.ts";
import { formatForFileName } from "../../../src/media/inspect/formats.ts";
import { profileDescription } from "../../../src/media/inspect/metadata/icc.ts";
import type { FileMetadata } from "../../../src/media/inspect/metadata/fileMetadata.ts";
import { gpsClockOffset } from "../../../src/media/inspect/location/gpsClock.ts";
import { parseIptc } from "../../../src/media/inspect/metadata/iptc.ts";
import { MAX_TEXT_CHARACTERS, normalizeText } from "../../../src/media/inspect/metadata/normalize.ts";
import { parseXmp } from "../../../src/media/inspect/metadata/xmp.ts";
import { memorySource } from "../../../src/media/inspect/bytes/byteSource.ts";
import { parseIso6709 } from "../../../src/media/inspect/location/iso6709.ts";
import {
  type TiffTags,
  ascii,
  bytesOf,
  exifSegment,
  jpeg,
  long,
  rationals,
  segment,
  short,
  tiff,
  u16,
  u32,
  xmpPacket,
  xmpSegment,
} from "../../support/media/buildImage.ts";

async function readFile(name: string, bytes: Uint8Array): Promise<MediaInfo> {
  const format = formatForFileName(name);
  if (format === null) throw new Error(`unsupported extension: ${name}`);
  return await readMediaInfo(memorySource(bytes), format);
}

const infoOf = (...segments: Uint8Array[]) => readFile("a.jpg", jpeg(8, 8, ...segments));

async function metadataOf(...segments: Uint8Array[]): Promise<FileMetadata> {
  return (await infoOf(...segments)).metadata;
}

/** Reads the tags from a JPEG, whose block exifr decodes, and from a TIFF, which our decoder reads: both agree. */
async function withExif(tags: TiffTags): Promise<FileMetadata> {
  const metadata = await metadataOf(exifSegment(tags));
  expect((await readFile("a.tif", tiff(tags))).metadata).toEqual(metadata);
  return metadata;
}

function gps(latitude: [number, number][], longitude: [number, number][]): TiffTags {
  return { gps: [ascii(1, "S\0"), rationals(2, ...latitude), ascii(3, "E\0"), rationals(4, ...longitude)] };
}

describe("EXIF", () => {
  it("reads the capture's offset from OffsetTimeOriginal only", async () => {
    const dates = [ascii(0x9003, "2024:07:15 12:00:00\0"), ascii(0x9010, "+02:00\0")];
    expect((await withExif({ exif: dates })).originalDatetime?.offsetMinutes).toBeNull();
    const own = [...dates, ascii(0x9011, "-07:00\0")];
    expect((await withExif({ exif: own })).originalDatetime?.offsetMinutes).toBe(-420);
  });

  it("keeps the other entries of a directory with an invalid entry", async () => {
    const huge = { tag: 0x9204, type: 3, count: 0xffffffff, value: u32(8) } as const;
    const metadata = await withExif({
      image: [ascii(0x10f, "  Maker \0\0"), short(0x112, 9)],
      exif: [huge, rationals(0x829d, [28, 10]), rationals(0x920a, [0, 0]), ascii(0x9003, "0000:00:00 00:00:00\0")],
    });
    expect(metadata).toMatchObject({
      make: "Maker",
      orientation: null,
      fNumber: 2.8,
      focalLength: null,
      originalDatetime: null,
    });
  });

  it("reads Windows-1252 and UTF-8 text", async () => {
    expect((await withExif({ image: [ascii(0x10e, "Caf\xe9 \0")] })).description).toBe("Café");
    expect((await withExif({ image: [ascii(0x10e, "Caf\xc3\xa9\0")] })).description).toBe("Café");
  });

  it("reads numbers of every type", async () => {
    const float = Buffer.alloc(4);
    float.writeFloatBE(2.5);
    const double = Buffer.alloc(8);
    double.writeDoubleBE(2.5);
    const forms: [number, number[] | Buffer][] = [
      [3, u16(3)],
      [4, u32(3)],
      [5, [...u32(5), ...u32(2)]],
      [9, u32(3)],
      [10, [...u32(-5), ...u32(-2)]],
      [11, float],
      [12, double],
      [2, Buffer.from("2.5\0")],
    ];
    for (const [type, value] of forms) {
      const count = type === 2 ? 4 : 1;
      const { focalLength } = await withExif({ exif: [{ tag: 0x920a, type, count, value: [...value] }] });
      expect({ type, focalLength }).toEqual({ type, focalLength: [3, 4, 9].includes(type) ? 3 : 2.5 });
    }
    const text = await withExif({ exif: [{ tag: 0xa434, type: 7, count: 6, value: "Lens\0\xff" }] });
    expect(text.lensModel).toBe("Lens");
  });

  it("ignores zero, infinite and negative exposure values", async () => {
    const empty = { fNumber: null, focalLength: null, exposureTime: null, iso: null };
    for (const [over, under] of [
      [0, 1],
      [0, 0],
      [1, 0],
    ] as [number, number][]) {
      const exif = [0x829a, 0x829d, 0x8827, 0x920a].map((tag) => rationals(tag, [over, under]));
      expect(await withExif({ exif })).toMatchObject(empty);
    }
    expect(await withExif({ exif: [{ tag: 0x920a, type: 9, count: 1, value: u32(-5) }] })).toMatchObject(empty);
  });

  it("reads a negative exposure bias, also from an unsigned rational", async () => {
    for (const type of [5, 10]) {
      const bias = { tag: 0x9204, type, count: 1, value: [...u32(-1), ...u32(3)] };
      expect((await withExif({ exif: [bias] })).exposureBias).toBeCloseTo(-1 / 3);
    }
    expect((await withExif({ exif: [rationals(0x9204, [0, 1])] })).exposureBias).toBe(0);
  });

  it("reads an ISO above 65535 from RecommendedExposureIndex", async () => {
    expect((await withExif({ exif: [short(0x8827, 65_535)] })).iso).toBe(65_535);
    expect((await withExif({ exif: [short(0x8827, 65_535), long(0x8832, 102_400)] })).iso).toBe(102_400);
    expect((await withExif({ exif: [short(0x8827, 400), long(0x8832, 102_400)] })).iso).toBe(400);
  });

  it("prefers the first of two blocks, tag by tag", async () => {
    const first = exifSegment({ image: [ascii(0x10f, "First\0")] });
    const second = exifSegment({ image: [ascii(0x10f, "Second\0"), ascii(0x110, "Model\0")] });
    expect(await metadataOf(first, second)).toMatchObject({ make: "First", model: "Model" });
  });

  it("ends at a directory that points to itself", async () => {
    const metadata = await withExif({ image: [ascii(0x110, "Model\0"), long(0x14a, 8)], exif: [long(0x8769, 8)] });
    expect(metadata.model).toBe("Model");
  });
});

describe("coordinates", () => {
  it("are negative for S and W references", async () => {
    const metadata = await withExif(
      gps(
        [
          [10, 1],
          [30, 1],
          [0, 1],
        ],
        [
          [20, 1],
          [0, 1],
          [36, 1],
        ],
      ),
    );
    expect(metadata).toMatchObject({ latitude: -10.5, longitude: 20.01 });
  });

  it("are read with decimal minutes and with decimal degrees", async () => {
    const minutes = gps(
      [
        [10, 1],
        [305, 10],
      ],
      [
        [20, 1],
        [60, 100],
      ],
    );
    expect(await withExif(minutes)).toMatchObject({ latitude: -10.508333333333333, longitude: 20.01 });
    expect(await withExif(gps([[105, 10]], [[2001, 100]]))).toMatchObject({ latitude: -10.5, longitude: 20.01 });
  });

  it("are read if the pointer to the GPS directory is a signed number", async () => {
    const exif = exifSegment(gps([[105, 10]], [[2001, 100]]));
    const pointer = Buffer.from(exif.buffer, exif.byteOffset, exif.length).indexOf(Buffer.of(0x88, 0x25, 0, 4));
    exif[pointer + 3] = 9;
    expect(await metadataOf(exif)).toMatchObject({ latitude: -10.5, longitude: 20.01 });
  });

  it("have an altitude above or below sea level", async () => {
    for (const [reference, altitude] of [
      [0, 12.5],
      [1, -12.5],
      [2, 12.5],
      [3, -12.5],
    ]) {
      const below = { tag: 5, type: 1, count: 1, value: [reference ?? 0] };
      expect((await withExif({ gps: [below, rationals(6, [125, 10])] })).altitude).toBe(altitude);
    }
  });

  it.each([
    [
      "0/0",
      gps(
        [
          [0, 0],
          [0, 0],
          [0, 0],
        ],
        [
          [0, 0],
          [0, 0],
          [0, 0],
        ],
      ),
    ],
    [
      "0, 0",
      gps(
        [
          [0, 1],
          [0, 1],
          [0, 1],
        ],
        [
          [0, 1],
          [0, 1],
          [0, 1],
        ],
      ),
    ],
    [
      "out of range",
      gps(
        [
          [91, 1],
          [0, 1],
          [0, 1],
        ],
        [
          [20, 1],
          [0, 1],
          [0, 1],
        ],
      ),
    ],
    ["without longitude", { gps: [rationals(2, [10, 1], [0, 1], [0, 1])] }],
    [
      "with one part 0/0",
      gps(
        [
          [10, 1],
          [30, 1],
          [0, 0],
        ],
        [
          [20, 1],
          [0, 1],
          [36, 1],
        ],
      ),
    ],
  ])("%s are ignored", async (_, tags: TiffTags) => {
    expect(await withExif(tags)).toMatchObject({ latitude: null, longitude: null });
  });

  it("are read from XMP if EXIF has none", async () => {
    const metadata = await metadataOf(
      xmpSegment(`<exif:GPSLatitude>39,6.9N</exif:GPSLatitude>
      <exif:GPSLongitude>108,24,3W</exif:GPSLongitude><exif:GPSAltitude>30/2</exif:GPSAltitude><exif:GPSAltitudeRef>1</exif:GPSAltitudeRef>`),
    );
    expect(metadata).toMatchObject({ latitude: 39.115, longitude: -108.40083333333334, altitude: -15 });
  });

  it("are read in every notation of XMP", async () => {
    for (const [latitude, longitude] of [
      ["10,30S", "20,0,36E"],
      ["-10.5", "20.01"],
      ["10.5 S", "20,0.6 E"],
      [`10° 30' 0" South`, "20 deg 0' 36\" East"],
    ]) {
      const metadata = await metadataOf(
        xmpSegment(
          `<exif:GPSLatitude>${latitude}</exif:GPSLatitude><exif:GPSLongitude>${longitude}</exif:GPSLongitude>`,
        ),
      );
      expect(metadata).toMatchObject({ latitude: -10.5, longitude: 20.01 });
    }
  });

  it("are read in each notation of ISO 6709", () => {
    expect(parseIso6709("+49.1989+016.6071+222.469/")).toEqual({
      latitude: 49.1989,
      longitude: 16.6071,
      altitude: 222.469,
    });
    expect(parseIso6709("-4930.5-01630.0/")).toEqual({
      latitude: -49.50833333333333,
      longitude: -16.5,
      altitude: null,
    });
    expect(parseIso6709("+493000+0163000/")).toEqual({ latitude: 49.5, longitude: 16.5, altitude: null });
    expect(parseIso6709("+00.0000+000.0000/")).toBeNull();
    expect(parseIso6709("here")).toBeNull();
  });
});

describe("XMP", () => {
  it("reads elements, attributes and lists with any prefix", () => {
    const xmp = parseXmp(
      new TextEncoder()
        .encode(`<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:d="http://purl.org/dc/elements/1.1/">
      <r:Description photoshop:City='K&#246;ln &amp; Bonn'><d:description><r:Alt><r:li xml:lang="de">zwei</r:li>
      <r:li xml:lang="x-default">one</r:li></r:Alt></d:description></r:Description></r:RDF>`),
    );
    expect(xmp.get("dc:description")).toEqual(["one", "zwei"]);
    expect(xmp.get("photoshop:City")).toEqual(["Köln & Bonn"]);
  });

  it("skips structures", () => {
    const xmp = parseXmp(
      xmpPacket(`<xmp:Thing rdf:parseType="Resource"><photoshop:City>inner</photoshop:City></xmp:Thing>
      <photoshop:City>outer</photoshop:City>`),
    );
    expect(xmp.get("photoshop:City")).toEqual(["outer"]);
    expect(xmp.has("xmp:Thing")).toBe(false);
  });

  it("reads qualified values and CDATA, and skips comments", () => {
    const xmp = parseXmp(
      xmpPacket(`<photoshop:City rdf:parseType="Resource"><rdf:value>Wien</rdf:value><xmp:Note>capital</xmp:Note>
      </photoshop:City><photoshop:State><rdf:Description><rdf:value>Wien</rdf:value></rdf:Description></photoshop:State>
      <photoshop:Country><![CDATA[A <b> & "c" &amp;]]></photoshop:Country><!-- <photoshop:Headline>no</photoshop:Headline> -->`),
    );
    expect(xmp.get("photoshop:City")).toEqual(["Wien"]);
    expect(xmp.get("photoshop:State")).toEqual(["Wien"]);
    expect(xmp.get("photoshop:Country")).toEqual([`A <b> & "c" &amp;`]);
    expect(xmp.has("photoshop:Headline")).toBe(false);
    expect(xmp.has("xmp:Note")).toBe(false);
  });

  it("reads packets in UTF-16, with and without a byte order mark", () => {
    const text = new TextDecoder().decode(xmpPacket("<photoshop:City>Köln</photoshop:City>"));
    const little = Buffer.from(text, "utf16le");
    const big = Buffer.from(little).swap16();
    for (const packet of [little, big, bytesOf([0xff, 0xfe], little), bytesOf([0xfe, 0xff], big)]) {
      expect(parseXmp(packet).get("photoshop:City")).toEqual(["Köln"]);
    }
  });

  it("reads numbers as fractions, decimals and powers of ten", async () => {
    for (const [text, fNumber] of [
      ["28/10", 2.8],
      ["2.8", 2.8],
      ["28e-1", 2.8],
      ["0/0", null],
      ["f/2.8", null],
    ]) {
      expect((await metadataOf(xmpSegment(`<exif:FNumber>${text}</exif:FNumber>`))).fNumber).toBe(fNumber);
    }
  });

  it("does not expand entities of a document type declaration", () => {
    const bomb = `<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>`;
    const xmp = parseXmp(
      new TextEncoder().encode(bomb + new TextDecoder().decode(xmpPacket("<photoshop:City>&b;</photoshop:City>"))),
    );
    expect(xmp.get("photoshop:City")).toEqual(["&b;"]);
  });

  it("replaces unpaired surrogates of character references and of cut text", async () => {
    const unpaired = await metadataOf(xmpSegment("<tiff:Make>a&#xD800;b&#x1F600;</tiff:Make>"));
    expect(unpaired.make).toBe("a\ufffdb\u{1f600}");
    const cut = await metadataOf(xmpSegment(`<tiff:Make>a${"&#x1F600;".repeat(6_000)}</tiff:Make>`));
    expect(cut.make).toMatch(/^a\u{1f600}+$/u);
    const normalized = normalizeText(`a${"\u{1f600}".repeat(40_000)}`) ?? "";
    expect([normalized.length, normalized.slice(-2)]).toEqual([MAX_TEXT_CHARACTERS - 1, "\u{1f600}"]);
  });

  it("parses a hundred thousand nested elements in linear time", () => {
    const depth = 100_000;
    const text = `<rdf:Description>${"<a:b>".repeat(depth)}x${"</a:b>".repeat(depth)}`;
    expect(parseXmp(new TextEncoder().encode(text)).size).toBe(0);
  });

  it.each(["<a:b>", "<rdf:Description", " a=", "<a ' ", "<!--", "&#", '<a:b c:d="', "\n"])(
    "parses a mebibyte of %j in linear time",
    (piece) => {
      const text = new TextEncoder().encode("<rdf:Description>" + piece.repeat(Math.floor(2 ** 20 / piece.length)));
      expect(parseXmp(text).size).toBeLessThan(10);
    },
  );
});

describe("captions, places and ratings", () => {
  const iptc = (...datasets: [number, string][]) =>
    segment(
      0xed,
      "Photoshop 3.0\0",
      "8BIM",
      u16(0x404),
      [0, 0],
      u32(datasets.reduce((sum, [, text]) => sum + 5 + text.length, 0)),
      ...datasets.map(([dataset, text]) => bytesOf([0x1c, 2, dataset], u16(text.length), text)),
    );

  it("are captions of EXIF, XMP, then IPTC, and places of IPTC, then XMP", async () => {
    const xmp = xmpSegment(`<dc:description>of XMP</dc:description><photoshop:City>XMP</photoshop:City>
      <photoshop:State>XMP</photoshop:State>`);
    const block = iptc([120, "of IPTC"], [90, "IPTC"]);
    const exif = exifSegment({ image: [ascii(0x10e, "of EXIF\0")] });
    const blank = exifSegment({ image: [ascii(0x10e, "        \0")] });
    expect(await metadataOf(exif, xmp, block)).toMatchObject({ description: "of EXIF", city: "IPTC", state: "XMP" });
    expect((await metadataOf(blank, xmp, block)).description).toBe("of XMP");
    expect((await metadataOf(block)).description).toBe("of IPTC");
  });

  it("convert country codes to alpha-2", async () => {
    for (const [written, code] of [
      ["DEU", "DE"],
      ["usa", "US"],
      ["GB", "GB"],
      ["XXX", null],
      ["Germany", null],
    ]) {
      expect((await metadataOf(iptc([100, written ?? ""]))).countryCode).toBe(code);
    }
  });

  it("are ratings from -1, of XMP, then EXIF", async () => {
    const exif = exifSegment({ image: [short(0x4746, 2)] });
    const rated = (text: string) => xmpSegment(`<xmp:Rating>${text}</xmp:Rating>`);
    expect((await metadataOf(exif)).rating).toBe(2);
    expect((await metadataOf(exif, rated("4"))).rating).toBe(4);
    expect((await metadataOf(rated("-1"))).rating).toBe(-1);
    expect((await metadataOf(rated("3.0"))).rating).toBe(3);
    expect((await metadataOf(rated("good"))).rating).toBeNull();
  });

  it("include Google's burst identifier", async () => {
    const packet = `<g:BurstID xmlns:g="http://ns.google.com/photos/1.0/camera/">3f5-1</g:BurstID>`;
    expect((await metadataOf(xmpSegment(packet))).autoStackId).toBe("3f5-1");
  });
});

describe("IPTC and profiles", () => {
  it("reads UTF-8 and Windows-1252 captions", () => {
    const dataset = (text: string) => bytesOf([0x1c, 2, 120], u16(text.length), text);
    expect(parseIptc(dataset("Caf\xe9")).get(120)).toBe("Café");
    expect(parseIptc(dataset("Caf\xc3\xa9")).get(120)).toBe("Café");
  });

  it("reads extended dataset lengths, and ignores datasets that exceed the block", () => {
    expect(parseIptc(bytesOf([0x1c, 2, 120], u16(0x8004), u32(4), "Wien")).get(120)).toBe("Wien");
    expect(parseIptc(bytesOf([0x1c, 2, 120], u16(0x8004), [0xff, 0xff, 0xff, 0xff])).size).toBe(0);
    expect(parseIptc(bytesOf([0x1c, 2, 120], u16(0xffff), "Wien")).size).toBe(0);
    expect(parseIptc(bytesOf([0x1c, 2, 120], u16(5), "Wien")).size).toBe(0);
  });

  it("limits the number of translations of a profile's name", () => {
    const mluc = bytesOf("mluc", u32(0), u32(0xffffffff), u32(0));
    const profile = bytesOf(new Uint8Array(128), u32(1), "desc", u32(144), u32(mluc.length), mluc);
    expect(profileDescription(profile)).toBeNull();
  });
});

describe("the UTC offset from the GPS time", () => {
  const stamp = (day: string, hour: number, minute: number, second: number): TiffTags => ({
    gps: [rationals(7, [hour, 1], [minute, 1], [second, 1]), ascii(29, `${day}\0`)],
  });
  const takenAt = (time: string, tags: TiffTags, more: TiffTags["exif"] = []): Uint8Array =>
    exifSegment({ ...tags, exif: [ascii(0x9003, `${time}\0`), ...more] });
  const offsetOf = async (bytes: Uint8Array): Promise<number | null> => {
    const { captureTime, gpsTimeUs } = await infoOf(bytes);
    return captureTime === null || gpsTimeUs === null ? null : gpsClockOffset(captureTime, gpsTimeUs);
  };

  it("is the difference if it is a valid time zone offset", async () => {
    expect(await offsetOf(takenAt("2019:03:21 11:04:22", stamp("2019:03:21", 16, 4, 21)))).toBe(-300);
    expect(await offsetOf(takenAt("2019:03:22 01:44:50", stamp("2019:03:21", 20, 0, 0)))).toBe(345);
    expect(await offsetOf(takenAt("2019:03:21 12:00:00", stamp("2019:03:21", 12, 0, 0)))).toBe(0);
  });

  const unusable: [string, string, TiffTags][] = [
    ["a fix that is minutes old", "2019:03:21 11:04:22", stamp("2019:03:21", 16, 1, 0)],
    ["an offset that no time zone has", "2019:03:21 11:15:00", stamp("2019:03:21", 8, 0, 0)],
    ["another day", "2019:03:21 11:00:00", stamp("2019:03:20", 16, 0, 0)],
    ["no date", "2019:03:21 11:00:00", { gps: [rationals(7, [16, 1], [0, 1], [0, 1])] }],
    ["an invalid hour", "2019:03:21 11:00:00", stamp("2019:03:21", 36, 0, 0)],
    ["an invalid month", "2019:03:21 11:00:00", stamp("2019:13:21", 16, 0, 0)],
  ];
  it.each(unusable)("is null with %s", async (_, time, tags) => {
    expect(await offsetOf(takenAt(time, tags))).toBeNull();
  });

  it("is only an offset that some time zone has had since 1990", () => {
    const offsets = new Set<number>();
    for (const timeZone of Intl.supportedValuesOf("timeZone")) {
      const formatter = new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longOffset" });
      for (let year = 1990; year <= 2026; year++) {
        for (const month of [0, 6]) {
          const parts = formatter.formatToParts(Date.UTC(year, month, 15));
          const name = parts.find(({ type }) => type === "timeZoneName")?.value ?? "";
          const match = /^GMT([+-])(\d\d):(\d\d)$/.exec(name);
          const minutes = match === null ? 0 : Number(match[2]) * 60 + Number(match[3]);
          offsets.add(match?.[1] === "-" ? 0 - minutes : minutes);
        }
      }
    }
    const wall = { wallUs: Date.UTC(2020, 5, 15, 12) * 1000, offsetMinutes: null };
    const accepted = Array.from({ length: 4 * 30 }, (_, i) => (i - 60) * 15).filter(
      (minutes) => gpsClockOffset(wall, wall.wallUs - minutes * 60_000_000) !== null,
    );
    expect(accepted.filter((minutes) => minutes % 60 !== 0)).toEqual(
      [...offsets].filter((minutes) => minutes % 60 !== 0).toSorted((a, b) => a - b),
    );
    expect([...offsets].filter((minutes) => !accepted.includes(minutes))).toEqual([]);
  });
});
