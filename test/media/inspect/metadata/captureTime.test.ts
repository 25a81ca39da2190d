/** The capture time of images without DateTimeOriginal, and exposure, lens and position in unusual tags. */
import { describe, expect, it } from "vitest";
import { type MediaInfo, readMediaInfo } from "../../../../src/media/inspect/mediaInfo.ts";
import { formatForFileName } from "../../../../src/media/inspect/formats.ts";
import { memorySource } from "../../../../src/media/inspect/bytes/byteSource.ts";
import {
  type TiffTags,
  ascii,
  bytesOf,
  exifSegment,
  jpeg,
  rationals,
  segment,
  tiff,
  u16,
  u32,
  xmpSegment,
} from "../../../support/media/buildImage.ts";

async function readFile(name: string, bytes: Uint8Array): Promise<MediaInfo> {
  const format = formatForFileName(name);
  if (format === null) throw new Error(`unsupported extension: ${name}`);
  return await readMediaInfo(memorySource(bytes), format);
}

const infoOf = (...segments: Uint8Array[]) => readFile("a.jpg", jpeg(8, 8, ...segments));

/** Reads the tags from a JPEG, whose block exifr decodes, and from a TIFF, which our decoder reads: both agree. */
async function withExif(tags: TiffTags) {
  const { metadata, captureTime } = await infoOf(exifSegment(tags));
  const ofTiff = await readFile("a.tif", tiff(tags));
  expect([ofTiff.metadata, ofTiff.captureTime]).toEqual([metadata, captureTime]);
  return metadata;
}

function iptcSegment(...datasets: [number, string][]): Uint8Array {
  const iptc = bytesOf(...datasets.flatMap(([dataset, text]) => [[0x1c, 2, dataset], u16(text.length), text]));
  const padding = iptc.length % 2 === 0 ? [] : [0];
  return segment(0xed, "Photoshop 3.0\0", "8BIM", u16(0x0404), [0, 0], u32(iptc.length), iptc, padding);
}

/** Formats the capture time, followed by its UTC offset in minutes if known. */
async function captureTimeOf(...segments: Uint8Array[]): Promise<string | null> {
  const { captureTime } = await infoOf(...segments);
  if (captureTime === null) return null;
  const offset = captureTime.offsetMinutes;
  return new Date(captureTime.wallUs / 1000).toISOString().slice(0, 19) + (offset === null ? "" : ` ${offset}`);
}

const original = exifSegment({ exif: [ascii(0x9003, "2019:01:02 03:04:05\0")] });
const digitized = exifSegment({ exif: [ascii(0x9004, "2021:01:02 03:04:05\0")] });
const day: [number, string] = [55, "20200708"];
const time: [number, string] = [60, "091011-0700"];
const photoshop = (date: string) => xmpSegment(`<photoshop:DateCreated>${date}</photoshop:DateCreated>`);

describe("the capture time of an image", () => {
  it.each([
    ["EXIF's before IPTC's", [original, iptcSegment(day, time)], "2019-01-02T03:04:05"],
    ["IPTC's date and time", [iptcSegment(day, time)], "2020-07-08T09:10:11 -420"],
    ["IPTC's with separators", [iptcSegment([55, "2020-07-08"], [60, "09:10:11+02:00"])], "2020-07-08T09:10:11 120"],
    ["IPTC's without an offset", [iptcSegment(day, [60, "091011"])], "2020-07-08T09:10:11"],
    [
      "IPTC's before Photoshop's",
      [iptcSegment(day, time), photoshop("2001-02-03T04:05:06")],
      "2020-07-08T09:10:11 -420",
    ],
    ["Photoshop's", [photoshop("2020-07-08T09:10:11.25-07:00")], "2020-07-08T09:10:11 -420"],
    ["Photoshop's without seconds", [photoshop("2020-07-08T09:10")], "2020-07-08T09:10:00"],
    ["Photoshop's time before IPTC's day", [iptcSegment(day), photoshop("2001-02-03T04:05:06")], "2001-02-03T04:05:06"],
    ["IPTC's day at midnight", [iptcSegment(day)], "2020-07-08T00:00:00"],
    ["Photoshop's day at midnight", [photoshop("2020-07-08")], "2020-07-08T00:00:00"],
    ["IPTC's before DateTimeDigitized", [digitized, iptcSegment(day, time)], "2020-07-08T09:10:11 -420"],
    ["DateTimeDigitized", [digitized], "2021-01-02T03:04:05"],
    ["IPTC's day before a scan's", [digitized, iptcSegment(day)], "2020-07-08T00:00:00"],
    ["the time digitized on IPTC's day", [digitized, iptcSegment([55, "20210102"])], "2021-01-02T03:04:05"],
    ["none with impossible dates", [iptcSegment([55, "20201340"], time), photoshop("2020-02-30")], null],
    ["none with a part of a date", [iptcSegment([55, "202007"]), photoshop("2020")], null],
  ])("is %s", async (_, segments, expected) => {
    expect(await captureTimeOf(...segments)).toBe(expected);
  });

  it("leaves the fields of the date tags as they are", async () => {
    const { metadata } = await infoOf(digitized, iptcSegment(day, time));
    expect(metadata.originalDatetime).toBeNull();
    expect(metadata.digitizedDatetime).not.toBeNull();
  });

  it("has hour 0 for hour 24 of the same day", async () => {
    const midnight = exifSegment({ exif: [ascii(0x9003, "2019:01:02 24:04:05\0")] });
    expect(await captureTimeOf(midnight)).toBe("2019-01-02T00:04:05");
    expect(await captureTimeOf(exifSegment({ exif: [ascii(0x9003, "2019:01:02 25:04:05\0")] }))).toBeNull();
  });
});

describe("APEX values", () => {
  const aperture = rationals(0x9202, [4, 1]);
  const shutter = (value: [number, number]) => ({ ...rationals(0x9201, value), type: 10 });

  it("give f-number and exposure time where those are missing", async () => {
    expect(await withExif({ exif: [aperture, shutter([8, 1])] })).toMatchObject({ fNumber: 4, exposureTime: 1 / 256 });
    expect(await withExif({ exif: [rationals(0x9202, [297, 100])] })).toMatchObject({ fNumber: 2.79917 });
    const long = await withExif({ exif: [shutter([0x1_0000_0000 - 3, 1])] });
    expect(long.exposureTime).toBe(8);
    const own = [rationals(0x829d, [28, 10]), rationals(0x829a, [1, 100])];
    expect(await withExif({ exif: [...own, aperture, shutter([8, 1])] })).toMatchObject({
      fNumber: 2.8,
      exposureTime: 0.01,
    });
  });

  it("are ignored if they are implausible", async () => {
    const values: [number, number][] = [
      [1, 0],
      [0, 0],
      [40, 1],
      [0xffffffff, 1],
      [0x7fffffff, 1],
    ];
    for (const value of values) {
      const { fNumber, exposureTime } = await withExif({ exif: [rationals(0x9202, value), shutter(value)] });
      expect([fNumber, value[0] === 0xffffffff ? null : exposureTime]).toEqual([null, null]);
    }
  });
});

describe("the lens specification", () => {
  const lensOf = async (...numbers: [number, number][]) =>
    (await withExif({ exif: [rationals(0xa432, ...numbers)] })).lensModel;

  it("names a zoom, a prime, and a lens of unknown aperture", async () => {
    expect(await lensOf([70, 1], [200, 1], [28, 10], [28, 10])).toBe("70-200 mm f/2.8");
    expect(await lensOf([18, 1], [55, 1], [35, 10], [56, 10])).toBe("18-55 mm f/3.5-5.6");
    expect(await lensOf([50, 1], [50, 1], [18, 10], [18, 10])).toBe("50 mm f/1.8");
    expect(await lensOf([85, 10], [0, 1], [19, 10], [0, 1])).toBe("8.5 mm f/1.9");
    expect(await lensOf([24, 1], [70, 1], [0, 0], [0, 0])).toBe("24-70 mm");
  });

  it("is ignored without a focal length, and where a name is known", async () => {
    expect(await lensOf([0, 0], [0, 0], [0, 0], [0, 0])).toBeNull();
    expect(await lensOf([0, 1], [0, 1], [28, 10], [28, 10])).toBeNull();
    const named = [rationals(0xa432, [50, 1], [50, 1], [18, 10], [18, 10]), ascii(0xa434, "Fifty\0")];
    expect((await withExif({ exif: named })).lensModel).toBe("Fifty");
  });
});

describe("coordinates written as text", () => {
  it.each([
    ["48.2082\0", "16.3738\0", 48.2082, -16.3738],
    ["48 deg 12' 29.52\" \0", "16 deg 22' 25.68\"\0", 48.2082, -16.3738],
    ["48,12,29.52\0", "16,22,25.68\0", 48.2082, -16.3738],
    ["48,12.492N\0", "16,22.428E\0", 48.2082, 16.3738],
  ])("are read: %s", async (latitude, longitude, expectedLatitude, expectedLongitude) => {
    const metadata = await withExif({
      gps: [ascii(1, "N\0"), ascii(2, latitude), ascii(3, "W\0"), ascii(4, longitude)],
    });
    expect(metadata.latitude).toBeCloseTo(expectedLatitude, 6);
    expect(metadata.longitude).toBeCloseTo(expectedLongitude, 6);
  });

  it("are ignored if they are blank or out of range", async () => {
    for (const text of ["\0", "unknown\0", "412.5\0"]) {
      const metadata = await withExif({ gps: [ascii(1, "N\0"), ascii(2, text), ascii(3, "E\0"), ascii(4, "16.3\0")] });
      expect(metadata.latitude).toBeNull();
    }
  });
});
