import { describe, expect, it } from "vitest";
import { memorySource } from "../../../../src/media/inspect/bytes/byteSource.ts";
import { type DecodedTags, decodeTags } from "../../../../src/media/inspect/exif/decodedTags.ts";
import { readDirectories } from "../../../../src/media/inspect/exif/exifDirectories.ts";
import { decodeWithExifr } from "../../../../src/media/inspect/exif/exifrDecoder.ts";
import {
  type Tag,
  ascii,
  bytesOf,
  directory,
  long,
  rationals,
  short,
  tiff,
  u32,
} from "../../../support/media/buildImage.ts";

async function directoriesOf(bytes: Uint8Array) {
  const directories = await readDirectories(memorySource(bytes), "image");
  if (directories === null) throw new Error("no directory in the block");
  return directories;
}

async function decode(bytes: Uint8Array): Promise<DecodedTags | null> {
  return await decodeWithExifr(bytes, await directoriesOf(bytes));
}

const latitude = [ascii(1, "S\0"), rationals(2, [10, 1], [30, 1], [36, 1])];
const longitude = [ascii(3, "E\0"), rationals(4, [20, 1], [0, 1], [36, 1])];

describe("decoding an EXIF block with exifr", () => {
  it("returns the same values as our decoder", async () => {
    const bytes = tiff({
      image: [ascii(0x10f, "Maker\0"), short(0x112, 6), short(0x8827, 200)],
      exif: [
        ascii(0x9003, "2024:07:15 12:00:00\0"),
        rationals(0x829a, [1, 250]),
        { tag: 0x8827, type: 3, count: 3, value: [0, 100, 0, 200, 0, 50] },
        { tag: 0x9204, type: 10, count: 1, value: [...u32(-1), ...u32(2)] },
        { tag: 0xa434, type: 7, count: 5, value: "Lens\0" },
      ],
      gps: [...latitude, ...longitude, { tag: 5, type: 1, count: 1, value: [1] }],
    });
    const tags = await decode(bytes);
    expect(tags).toEqual(await decodeTags(memorySource(bytes), await directoriesOf(bytes)));
    expect(tags?.exif.get(0x8827)?.numbers).toEqual([100, 200, 50]);
    expect(tags?.gps.get(2)?.numbers).toEqual([10, 30, 36]);
  });

  const unsupported: [string, Tag[]][] = [
    ["a value outside the block", [{ tag: 0x10f, type: 2, count: 4000, value: u32(8) }]],
    ["a count of two billion", [{ tag: 0x112, type: 3, count: 0x7fffffff, value: u32(8) }]],
    ["an unknown type", [{ tag: 0x112, type: 99, count: 1, value: u32(1) }]],
    ["a value over 64 KiB", [{ tag: 0x10e, type: 2, count: 70_000, value: "x".repeat(70_000) }]],
    ["text that is not UTF-8", [ascii(0x10e, "Caf\xe9\0")]],
    ["an unsigned exposure bias", [rationals(0x9204, [1, 3])]],
  ];
  it.each(unsupported)("returns null for %s", async (_, image) => {
    expect(await decode(tiff({ image }))).toBeNull();
  });

  it("returns null for coordinates of one number", async () => {
    expect(await decode(tiff({ gps: [rationals(2, [105, 10]), rationals(4, [201, 10])] }))).toBeNull();
  });

  it("returns null for pointers of another type, to an invalid offset or in the EXIF directory", async () => {
    const block = (pointer: Tag) => bytesOf("MM\0*", u32(8), directory(8, [ascii(0x10f, "Maker\0"), pointer]));
    expect(await decode(block({ tag: 0x8825, type: 9, count: 1, value: u32(8) }))).toBeNull();
    expect(await decode(block(long(0x8825, 90_000)))).toBeNull();
    expect(await decode(block(long(0x8769, 4)))).toBeNull();
    const exifAt = 8 + directory(8, [long(0x8769, 0)]).length;
    const gpsAt = exifAt + directory(exifAt, [long(0x8825, 0)]).length;
    const nested = bytesOf(
      "MM\0*",
      u32(8),
      directory(8, [long(0x8769, exifAt)]),
      directory(exifAt, [long(0x8825, gpsAt)]),
      directory(gpsAt, latitude),
    );
    expect(await decode(nested)).toBeNull();
  });

  it("returns null for BigTIFF and RAW versions of TIFF", async () => {
    expect(await decode(tiff({ image: [ascii(0x10f, "Maker\0")] }, "MM\0U"))).toBeNull();
  });
});
