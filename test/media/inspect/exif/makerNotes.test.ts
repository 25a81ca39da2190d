/** The lens by the notes of makers, which each count offsets in a way of their own. */
import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import { readFacts } from "../../../../src/media/inspect/mediaInfo.ts";
import { formatOfFileName } from "../../../../src/media/inspect/formats.ts";
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
  u32,
} from "../../../support/media/buildImage.ts";

const NAME = "A 14-42mm F3.5-5.6 II";

/** A note in a photo: `content` gets where it lies in the TIFF block. */
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
  const format = formatOfFileName("a.jpg");
  if (format === null) throw new Error("jpg is taken");
  return (await readFacts(memorySource(jpeg(8, 8, segmentWith(content(at)))), format)).metadata.lensModel;
}

const lens = (tag: number) => ascii(tag, `${NAME}\0\0\0`);

/** Olympus: the note's directory points at the one of the camera's parts, right behind it. */
function olympus(at: number): Uint8Array {
  const partsAt = at + directory(at, [long(0x2010, 0)]).length;
  return bytesOf(directory(at, [long(0x2010, partsAt)]), directory(partsAt, [lens(0x203)]));
}

/** As older cameras have it: the parts are the bytes of the value. */
function olympusInside(at: number): Uint8Array {
  const partsAt = at + 2 + 12 + 4;
  const parts = directory(partsAt, [lens(0x203)]);
  return directory(at, [{ tag: 0x2010, type: 7, count: parts.length, value: parts }]);
}

const notes: [string, string, (at: number) => Part][] = [
  ["Canon", "Canon", (at) => directory(at, [lens(0x95)])],
  ["Panasonic", "Panasonic", (at) => bytesOf("Panasonic\0\0\0", directory(at + 12, [lens(0x51)]))],
  ["Olympus", "OLYMPUS CORPORATION", () => bytesOf("OLYMPUS\0MM\x03\0", olympus(12))],
  ["Olympus, parts inside", "OLYMPUS CORPORATION", () => bytesOf("OLYMPUS\0MM\x03\0", olympusInside(12))],
  ["Olympus, before 2007", "OLYMPUS IMAGING", (at) => bytesOf("OLYMP\0\x01\0", olympus(at + 8))],
  ["OM System", "OM Digital Solutions", () => bytesOf("OM SYSTEM\0\0\0MM\x04\0", olympus(16))],
];

describe("the lens by a maker's note", () => {
  it.each(notes)("is read of %s", async (_, make, content) => {
    expect(await lensOf(make, content)).toBe(NAME);
  });

  it.each(notes)("gives way to EXIF's own, of %s", async (_, make, content) => {
    expect(await lensOf(make, content, [ascii(0xa434, "EXIF says this\0")])).toBe("EXIF says this");
  });

  it.each(notes)("is null where the note breaks off, of %s", async (_, make, content) => {
    const whole = (at: number) => bytesOf(content(at));
    for (const kept of [0.3, 0.6, 0.9]) {
      const cut = (at: number) =>
        whole(at)
          .subarray(0, Math.floor(whole(at).length * kept))
          .slice();
      expect(await lensOf(make, (at) => bytesOf(cut(at), new Uint8Array(64)))).not.toBe(NAME);
    }
  });

  it("is null where it is a number of the maker's list, or a name without an end", async () => {
    expect(await lensOf("Canon", (at) => directory(at, [long(0x95, 505)]))).toBeNull();
    expect(await lensOf("Canon", (at) => directory(at, [ascii(0x95, "x".repeat(300))]))).toBeNull();
    expect(await lensOf("Canon", (at) => bytesOf(directory(at, []), "and some more of it"))).toBeNull();
  });

  it("is null where a directory points at itself", async () => {
    const circle = bytesOf("OLYMPUS\0MM\x03\0", directory(12, [{ tag: 0x2010, type: 13, count: 1, value: u32(12) }]));
    expect(await lensOf("OLYMPUS", () => circle)).toBeNull();
  });

  it("is not looked for in the notes of other makers", async () => {
    expect(await lensOf("Casio", (at) => directory(at, [lens(0x95)]))).toBeNull();
  });
});
