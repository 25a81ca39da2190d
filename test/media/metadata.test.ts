/** Metadata that the samples do not show: odd, wrong and hostile values. */
import { describe, expect, it } from "vitest";
import { readFacts } from "../../src/media/facts.ts";
import { formatOfFileName } from "../../src/media/formats.ts";
import { profileDescription } from "../../src/media/metadata/icc.ts";
import type { FileMetadata } from "../../src/media/metadata/fileMetadata.ts";
import { parseIptc } from "../../src/media/metadata/iptc.ts";
import { parseXmp } from "../../src/media/metadata/xmp.ts";
import { memorySource } from "../../src/media/source.ts";
import { parseIso6709 } from "../../src/media/video/movieTags.ts";
import {
  type TiffTags,
  ascii,
  bytesOf,
  exifSegment,
  jpeg,
  long,
  rationals,
  short,
  u16,
  u32,
  xmpPacket,
  xmpSegment,
} from "./build.ts";

async function metadataOf(...segments: Uint8Array[]): Promise<FileMetadata> {
  const format = formatOfFileName("a.jpg");
  if (format === null) throw new Error("jpg is taken");
  return (await readFacts(memorySource(jpeg(8, 8, ...segments)), format)).metadata;
}

const withExif = (tags: TiffTags) => metadataOf(exifSegment(tags));

function gps(latitude: [number, number][], longitude: [number, number][]): TiffTags {
  return { gps: [ascii(1, "S\0"), rationals(2, ...latitude), ascii(3, "E\0"), rationals(4, ...longitude)] };
}

describe("EXIF", () => {
  it("takes the capture's offset from OffsetTimeOriginal and from nothing else", async () => {
    const dates = [ascii(0x9003, "2024:07:15 12:00:00\0"), ascii(0x9010, "+02:00\0")];
    expect((await withExif({ exif: dates })).originalDatetime?.offsetMinutes).toBeNull();
    const own = [...dates, ascii(0x9011, "-07:00\0")];
    expect((await withExif({ exif: own })).originalDatetime?.offsetMinutes).toBe(-420);
  });

  it("keeps the rest of a directory with a bad entry in it", async () => {
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

  it("reads Latin text as well as UTF-8", async () => {
    expect((await withExif({ image: [ascii(0x10e, "Caf\xe9 \0")] })).description).toBe("Café");
    expect((await withExif({ image: [ascii(0x10e, "Caf\xc3\xa9\0")] })).description).toBe("Café");
  });

  it("does not go round in a directory that points to itself", async () => {
    const metadata = await withExif({ image: [ascii(0x110, "Model\0"), long(0x14a, 8)], exif: [long(0x8769, 8)] });
    expect(metadata.model).toBe("Model");
  });
});

describe("coordinates", () => {
  it("are signed by their references", async () => {
    const metadata = await withExif(
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
    );
    expect(metadata).toMatchObject({ latitude: -10.5, longitude: 20.01 });
  });

  it.each([
    [
      "zero over zero",
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
      "null island",
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
    ["of one number", { gps: [rationals(2, [10, 1]), rationals(4, [20, 1])] }],
  ])("%s are none", async (_, tags: TiffTags) => {
    expect(await withExif(tags)).toMatchObject({ latitude: null, longitude: null });
  });

  it("are taken from XMP where EXIF has none", async () => {
    const metadata = await metadataOf(
      xmpSegment(`<exif:GPSLatitude>39,6.9N</exif:GPSLatitude>
      <exif:GPSLongitude>108,24,3W</exif:GPSLongitude><exif:GPSAltitude>30/2</exif:GPSAltitude><exif:GPSAltitudeRef>1</exif:GPSAltitudeRef>`),
    );
    expect(metadata).toMatchObject({ latitude: 39.115, longitude: -108.40083333333334, altitude: -15 });
  });

  it("are read in each form of ISO 6709", () => {
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
  it("reads elements, attributes and lists, in any prefix", () => {
    const xmp = parseXmp(
      new TextEncoder()
        .encode(`<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:d="http://purl.org/dc/elements/1.1/">
      <r:Description photoshop:City='K&#246;ln &amp; Bonn'><d:description><r:Alt><r:li xml:lang="de">zwei</r:li>
      <r:li xml:lang="x-default">one</r:li></r:Alt></d:description></r:Description></r:RDF>`),
    );
    expect(xmp.get("dc:description")).toEqual(["one", "zwei"]);
    expect(xmp.get("photoshop:City")).toEqual(["Köln & Bonn"]);
  });

  it("leaves what is inside structures alone", () => {
    const xmp = parseXmp(
      xmpPacket(`<xmp:Thing rdf:parseType="Resource"><photoshop:City>inner</photoshop:City></xmp:Thing>
      <photoshop:City>outer</photoshop:City>`),
    );
    expect(xmp.get("photoshop:City")).toEqual(["outer"]);
    expect(xmp.has("xmp:Thing")).toBe(false);
  });

  it("expands no entities of a document type", () => {
    const bomb = `<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>`;
    const xmp = parseXmp(
      new TextEncoder().encode(bomb + new TextDecoder().decode(xmpPacket("<photoshop:City>&b;</photoshop:City>"))),
    );
    expect(xmp.get("photoshop:City")).toEqual(["&b;"]);
  });

  it.each(["<a:b>", "<rdf:Description", " a=", "<a ' ", "<!--", "&#", '<a:b c:d="', "\n"])(
    "reads a mebibyte of %j at once",
    (piece) => {
      const text = new TextEncoder().encode("<rdf:Description>" + piece.repeat(Math.floor(2 ** 20 / piece.length)));
      expect(parseXmp(text).size).toBeLessThan(10);
    },
  );
});

describe("IPTC and profiles", () => {
  it("reads UTF-8 and Latin captions", () => {
    const dataset = (text: string) => bytesOf([0x1c, 2, 120], u16(text.length), text);
    expect(parseIptc(dataset("Caf\xe9")).get(120)).toBe("Café");
    expect(parseIptc(dataset("Caf\xc3\xa9")).get(120)).toBe("Café");
    expect(parseIptc(bytesOf([0x1c, 2, 120], u16(0x8004), [0xff, 0xff, 0xff, 0xff])).size).toBe(0);
  });

  it("does not count to four billion translations of a profile's name", () => {
    const mluc = bytesOf("mluc", u32(0), u32(0xffffffff), u32(0));
    const profile = bytesOf(new Uint8Array(128), u32(1), "desc", u32(144), u32(mluc.length), mluc);
    expect(profileDescription(profile)).toBeNull();
  });
});
