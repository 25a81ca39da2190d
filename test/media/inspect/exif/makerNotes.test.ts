import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import { readMediaInfo } from "../../../../src/media/inspect/mediaInfo.ts";
import { formatForFileName } from "../../../../src/media/inspect/formats.ts";
import { memorySource } from "../../../../src/media/inspect/bytes/byteSource.ts";
import {
  type Part,
  type Tag,
  ascii,
  bytesOf,
  directory,
  exifSegment,
  jpeg,
  long,
  rationals,
  u32,
} from "../../../support/media/buildImage.ts";

const LENS = "A 14-42mm F3.5-5.6 II";

/** Reads the lens of a JPEG with a maker note; `content` gets the offset of the note in the EXIF block. */
async function lensOf(make: string, content: (at: number) => Part, exif: Tag[] = []): Promise<string | null> {
  const length = bytesOf(content(0)).length;
  const segmentWith = (value: Part) =>
    exifSegment({
      image: [ascii(0x10f, `${make}\0`)],
      exif: [{ tag: 0x927c, type: 7, count: length, value }, ...exif],
    });
  const filler = Buffer.alloc(length, "?");
  const tiffAt = 4 + "Exif\0\0".length;
  const at = Buffer.from(segmentWith(filler)).indexOf(filler) - tiffAt;
  const format = formatForFileName("a.jpg");
  if (format === null) throw new Error("jpg is unsupported");
  return (await readMediaInfo(memorySource(jpeg(8, 8, segmentWith(content(at)))), format)).metadata.lensModel;
}

const lens = (tag: number) => ascii(tag, `${LENS}\0\0\0`);

/** The directory of an Olympus note with a pointer to the Equipment directory after it. */
function olympus(at: number): Uint8Array {
  const equipmentAt = at + directory(at, [long(0x2010, 0)]).length;
  return bytesOf(directory(at, [long(0x2010, equipmentAt)]), directory(equipmentAt, [lens(0x203)]));
}

/** In older cameras, the value of the entry is the Equipment directory. */
function olympusEmbedded(at: number): Uint8Array {
  const equipmentAt = at + 2 + 12 + 4;
  const equipment = directory(equipmentAt, [lens(0x203)]);
  return directory(at, [{ tag: 0x2010, type: 7, count: equipment.length, value: equipment }]);
}

const notes: [string, string, (at: number) => Part][] = [
  ["Canon", "Canon", (at) => directory(at, [lens(0x95)])],
  ["Panasonic", "Panasonic", (at) => bytesOf("Panasonic\0\0\0", directory(at + 12, [lens(0x51)]))],
  ["Olympus", "OLYMPUS CORPORATION", () => bytesOf("OLYMPUS\0MM\x03\0", olympus(12))],
  ["Olympus, embedded Equipment", "OLYMPUS CORPORATION", () => bytesOf("OLYMPUS\0MM\x03\0", olympusEmbedded(12))],
  ["Olympus, before 2007", "OLYMPUS IMAGING", (at) => bytesOf("OLYMP\0\x01\0", olympus(at + 8))],
  ["OM System", "OM Digital Solutions", () => bytesOf("OM SYSTEM\0\0\0MM\x04\0", olympus(16))],
];

/** 70 to 200 mm, f/2.8. */
const nikonLens = rationals(0x84, [70, 1], [200, 1], [28, 10], [28, 10]);

describe("Nikon's lens of four numbers", () => {
  it.each([
    [
      "in a TIFF structure of the note",
      () => bytesOf("Nikon\0\x02\x10\0\0", "MM\0*", u32(8), directory(8, [nikonLens])),
    ],
    ["in a note without a header", (at: number) => directory(at, [nikonLens])],
  ])("is named: %s", async (_, content) => {
    expect(await lensOf("NIKON CORPORATION", content)).toBe("70-200 mm f/2.8");
  });

  it("is not looked for in the notes of the first Coolpix, whose tags differ", async () => {
    expect(await lensOf("NIKON", (at) => bytesOf("Nikon\0\x01\0", directory(at + 8, [nikonLens])))).toBeNull();
  });
});

describe("the lens in a maker note", () => {
  it.each(notes)("is read: %s", async (_, make, content) => {
    expect(await lensOf(make, content)).toBe(LENS);
  });

  it.each(notes)("is overridden by EXIF LensModel: %s", async (_, make, content) => {
    expect(await lensOf(make, content, [ascii(0xa434, "EXIF lens\0")])).toBe("EXIF lens");
  });

  it.each(notes)("is null if the note is truncated: %s", async (_, make, content) => {
    const note = (at: number) => bytesOf(content(at));
    for (const kept of [0.3, 0.6, 0.9]) {
      const truncated = (at: number) =>
        note(at)
          .subarray(0, Math.floor(note(at).length * kept))
          .slice();
      expect(await lensOf(make, (at) => bytesOf(truncated(at), new Uint8Array(64)))).not.toBe(LENS);
    }
  });

  it("is null for a numeric code, an overlong name and a missing entry", async () => {
    expect(await lensOf("Canon", (at) => directory(at, [long(0x95, 505)]))).toBeNull();
    expect(await lensOf("Canon", (at) => directory(at, [ascii(0x95, "x".repeat(300))]))).toBeNull();
    expect(await lensOf("Canon", (at) => bytesOf(directory(at, []), "and some more"))).toBeNull();
  });

  it("is null if a directory points at itself", async () => {
    const cyclic = bytesOf("OLYMPUS\0MM\x03\0", directory(12, [{ tag: 0x2010, type: 13, count: 1, value: u32(12) }]));
    expect(await lensOf("OLYMPUS", () => cyclic)).toBeNull();
  });

  it("is not read from notes of other makers", async () => {
    expect(await lensOf("Casio", (at) => directory(at, [lens(0x95)]))).toBeNull();
  });
});
