/** Containers, camera makers and clocks that the sample files don't cover. */
import { describe, expect, it } from "vitest";
import { type MediaInfo, readMediaInfo } from "../../../../src/media/inspect/mediaInfo.ts";
import { formatForFileName } from "../../../../src/media/inspect/formats.ts";
import { memorySource } from "../../../../src/media/inspect/bytes/byteSource.ts";
import { parseRiffDate } from "../../../../src/media/inspect/video/avi/aviMetadata.ts";
import { findCoverArt } from "../../../../src/media/inspect/video/coverArt.ts";
import {
  type Part,
  ascii,
  box,
  bytesOf,
  chunk,
  exifSegment,
  jpeg,
  tiff,
  u16,
  u32,
  xmpPacket,
} from "../../../support/media/buildImage.ts";
import { countingSource } from "../../../support/media/countingSource.ts";
import {
  type MovieParts,
  avi,
  block,
  mdpmMessage,
  dataBox,
  element,
  fragment,
  h264Sequence,
  h265Sequence,
  keys,
  matroska,
  matroskaTag,
  matroskaTrack,
  movie,
  mpegSequence,
  pesPacket,
  quarterRotation,
  MAC_EPOCH_OFFSET_SECONDS,
  riffList,
  transportStream,
  internationalText,
} from "../../../support/media/buildVideo.ts";

async function readInfo(name: string, bytes: Uint8Array): Promise<MediaInfo> {
  const format = formatForFileName(name);
  if (format === null) throw new Error(`unknown extension: ${name}`);
  return readMediaInfo(memorySource(bytes), format);
}

const readMovie = (parts: MovieParts) => readInfo("a.mov", movie(parts));
const readUserData = (...boxes: Uint8Array[]) => readMovie({ movie: [box("udta", ...boxes)] });

/** Formats the capture time, followed by its UTC offset in minutes if known. */
function captureTimeOf({ captureTime }: MediaInfo): string | null {
  if (captureTime === null) return null;
  const offset = captureTime.offsetMinutes;
  return new Date(captureTime.wallUs / 1000).toISOString().slice(0, 19) + (offset === null ? "" : ` ${offset}`);
}

describe("movie creation time", () => {
  it.each([
    ["counts seconds from 1904 in UTC", MAC_EPOCH_OFFSET_SECONDS + 1_500_000_000, "2017-07-14T02:40:00 0"],
    ["counts seconds from 1970 if the value is too small for 1904", 1_500_000_000, "2017-07-14T02:40:00 0"],
    ["is unknown if it is 0", 0, null],
    ["is unknown if it is 1970-01-01", MAC_EPOCH_OFFSET_SECONDS, null],
    ["is unknown if it is minutes after the epoch", 280, null],
    ["is unknown if all bits are set", 0xffffffff, null],
  ])("%s", async (_, created, expected) => {
    expect(captureTimeOf(await readMovie({ created }))).toBe(expected);
  });

  it("is ignored if a writer stored milliseconds (year 42603)", async () => {
    const created = MAC_EPOCH_OFFSET_SECONDS + 1_282_271_000_000;
    const long = box(
      "mvhd",
      [1, 0, 0, 0],
      u32(created / 2 ** 32),
      u32(created % 2 ** 32),
      u32(0),
      u32(0),
      u32(600),
      u32(0),
      u32(1200),
      new Uint8Array(80),
    );
    const info = await readInfo("a.mp4", bytesOf(box("ftyp", "isom"), box("moov", long)));
    expect(info).toMatchObject({ captureTime: null, durationSeconds: 2 });
  });

  it("is read as 32 bits if the box is too short for its version", async () => {
    const bytes = movie({ created: MAC_EPOCH_OFFSET_SECONDS + 1_500_000_000 });
    const at = Array.from(bytes.keys()).find((i) => bytesOf("mvhd").every((byte, k) => bytes[i + k] === byte)) ?? 0;
    bytes[at + 4] = 1;
    expect(await readInfo("a.mp4", bytes)).toMatchObject({ durationSeconds: 2 });
  });

  it("is overridden by a date with an offset, which Apple's key overrides", async () => {
    const clock = { created: MAC_EPOCH_OFFSET_SECONDS + 1_500_000_000 };
    const day = internationalText("\xa9day", "2017-07-14T04:40:00+0200");
    expect(captureTimeOf(await readMovie({ ...clock, movie: [box("udta", day)] }))).toBe("2017-07-14T04:40:00 120");
    const apple = keys(["com.apple.quicktime.creationdate", "2017-07-14T05:40:00+0300"]);
    expect(captureTimeOf(await readMovie({ ...clock, movie: [apple, box("udta", day)] }))).toBe(
      "2017-07-14T05:40:00 180",
    );
  });

  it("is overridden by a dashcam's IDIT box after the movie", async () => {
    const dashcam = {
      created: MAC_EPOCH_OFFSET_SECONDS + 1_500_000_000,
      afterMovie: [box("IDIT", "2019-03-04T05:06:07+0000\0")],
    };
    expect(captureTimeOf(await readMovie(dashcam))).toBe("2019-03-04T05:06:07 0");
  });

  it.each([
    ["GoPro", "GoPro AVC\0", null],
    ["GoPro, with a length before the name", "\x0bGoPro H.265", null],
    ["Nikon", "", "NIKON CORPORATION"],
  ])("is local time in a file of %s", async (_, handlerName, make) => {
    const created = MAC_EPOCH_OFFSET_SECONDS + 1_500_000_000;
    const udta = make === null ? [] : [box("udta", internationalText("\xa9mak", make))];
    expect(captureTimeOf(await readMovie({ created, handlerName, movie: udta }))).toBe("2017-07-14T02:40:00");
  });

  it("is UTC in a file of any other maker", async () => {
    const created = MAC_EPOCH_OFFSET_SECONDS + 1_500_000_000;
    for (const make of ["Apple", "samsung", "Google", "DJI", "Panasonic"]) {
      const udta = box("udta", internationalText("\xa9mak", make));
      expect(captureTimeOf(await readMovie({ created, handlerName: "VideoHandle\0", movie: [udta] }))).toBe(
        "2017-07-14T02:40:00 0",
      );
    }
  });

  it("is used if the date tag contains only a year", async () => {
    const info = await readMovie({
      created: MAC_EPOCH_OFFSET_SECONDS + 1_500_000_000,
      movie: [box("udta", internationalText("\xa9day", "2017"))],
    });
    expect(captureTimeOf(info)).toBe("2017-07-14T02:40:00 0");
    expect(info.metadata.originalDatetime).toBeNull();
  });
});

describe("video track", () => {
  it("applies the rotation of the track, of the movie, and of both", async () => {
    expect(await readMovie({})).toMatchObject({ width: 1920, height: 1080 });
    expect(await readMovie({ matrix: quarterRotation })).toMatchObject({ width: 1080, height: 1920 });
    expect(await readMovie({ movieMatrix: quarterRotation })).toMatchObject({ width: 1080, height: 1920 });
    expect(await readMovie({ matrix: quarterRotation, movieMatrix: quarterRotation })).toMatchObject({
      width: 1920,
      height: 1080,
    });
  });

  it("averages uneven sample durations to a frame rate", async () => {
    const info = await readMovie({
      runs: [
        [30, 20],
        [30, 10],
      ],
    });
    expect(info.metadata.fps).toBe(40);
  });

  it("skips cover images and disabled tracks", async () => {
    const cover = { codec: "jpeg", runs: [[1, 600]] as [number, number][] };
    expect((await readMovie(cover)).metadata.fps).toBe(1);
    const second = movie({ runs: [[60, 10]] });
    const at = Array.from(second.keys()).find((i) => bytesOf("trak").every((byte, k) => second[i + k] === byte)) ?? 0;
    const track = second.slice(at - 4);
    expect((await readMovie({ ...cover, movie: [track] })).metadata.fps).toBe(60);
    expect((await readMovie({ isEnabled: false, movie: [track] })).metadata.fps).toBe(60);
  });

  it("sums the fragments after the movie", async () => {
    const fragments = {
      seconds: 0,
      runs: [],
      movie: [box("mvex", box("trex", [0, 0, 0, 0], u32(1), u32(1), u32(20)))],
    };
    const info = await readMovie({ ...fragments, afterMovie: [fragment(0, [20, 20, 20]), fragment(60, [20, 20, 40])] });
    expect(info.durationSeconds).toBeCloseTo(140 / 600, 6);
    expect(info.metadata.fps).toBeCloseTo((6 * 600) / 140, 6);
  });

  it("is found by its media header if the handler is missing", async () => {
    const info = await readMovie({ handlerName: null });
    expect(info).toMatchObject({ width: 1920, height: 1080 });
    expect(info.metadata.fps).toBe(30);
  });

  it("reads the projection from Spherical Video V1 and V2", async () => {
    const spherical = box(
      "sv3d",
      box("svhd", [0, 0, 0, 0, 0]),
      box("proj", box("prhd", new Uint8Array(16)), box("equi", new Uint8Array(20))),
    );
    expect((await readMovie({ sampleEntry: [spherical] })).metadata.projectionType).toBe("equirectangular");
    const uuid = [0xff, 0xcc, 0x82, 0x63, 0xf8, 0x55, 0x4a, 0x93, 0x88, 0x14, 0x58, 0x7a, 0x02, 0x52, 0x1f, 0xdd];
    const xml =
      "<rdf:SphericalVideo><GSpherical:ProjectionType>cubemap</GSpherical:ProjectionType></rdf:SphericalVideo>";
    expect((await readMovie({ track: [box("uuid", uuid, xml)] })).metadata.projectionType).toBe("cubemap");
  });
});

it("recognises QuickTime by any first box type", async () => {
  for (const type of ["ftyp", "mdat", "wide", "free", "skip", "pnot", "junk", "uuid", "PICT", "pict"]) {
    const info = await readInfo("a.mov", bytesOf(box(type, new Uint8Array(24)), movie({ seconds: 3 }).subarray(16)));
    expect(info).toMatchObject({ width: 1920, durationSeconds: 3 });
  }
});

describe("movie tags", () => {
  it("prefer Apple's keys to Android's, and those to user data", async () => {
    const older = box("udta", internationalText("\xa9mak", "Older"), internationalText("\xa9mod", "One"));
    const android = keys(["com.android.manufacturer", "Droid"], ["com.android.model", "Two"]);
    const apple = keys(["com.android.model", "Two"], ["com.apple.quicktime.make", "Apple"]);
    expect((await readMovie({ movie: [older] })).metadata).toMatchObject({ make: "Older", model: "One" });
    expect((await readMovie({ movie: [older, android] })).metadata).toMatchObject({ make: "Droid", model: "Two" });
    expect((await readMovie({ movie: [older, apple] })).metadata).toMatchObject({ make: "Apple", model: "Two" });
  });

  it("are read from the movie, its track and the file", async () => {
    const tags = (name: string) => keys([`com.apple.quicktime.${name}`, name]);
    const info = await readMovie({
      movie: [tags("make")],
      track: [tags("camera.lens_model")],
      afterMovie: [tags("model")],
    });
    expect(info.metadata).toMatchObject({ make: "make", lensModel: "camera.lens_model", model: "model" });
  });

  it("prefer the value without a locale", async () => {
    const item = box("\xa9des", dataBox("Bonjour", 0x123), dataBox("Hello"));
    const info = await readUserData(box("meta", [0, 0, 0, 0], box("ilst", item)));
    expect(info.metadata.description).toBe("Hello");
  });

  it.each<[string, Part, number, string]>([
    ["UTF-8", bytesOf("Caf\xc3\xa9"), 0x15c7, "Café"],
    ["UTF-16", bytesOf("\xfe\xff\0C\0a\0f\0\xe9"), 0x15c7, "Café"],
    ["MacRoman", bytesOf("Caf\x8e"), 0, "Café"],
    ["Windows-1252", bytesOf("Caf\xe9"), 0x15c7, "Café"],
  ])("are decoded from %s", async (_, text, language, expected) => {
    expect((await readUserData(internationalText("\xa9des", text, language))).metadata.description).toBe(expected);
  });

  it("read 3GPP's description and location, ignoring 0, 0", async () => {
    const place = (longitude: number, latitude: number) =>
      box(
        "loci",
        [0, 0, 0, 0],
        u16(0x15c7),
        "here\0\0",
        u32(longitude * 65536),
        u32(latitude * 65536),
        u32(650 * 65536),
        "earth\0\0",
      );
    const info = await readUserData(place(-3.5, 40.25), box("dscp", [0, 0, 0, 0], u16(0x15c7), "A dog\0"));
    expect(info.metadata).toMatchObject({ latitude: 40.25, longitude: -3.5, altitude: 650, description: "A dog" });
    expect((await readUserData(place(0, 0))).metadata).toMatchObject({
      latitude: null,
      longitude: null,
      altitude: null,
    });
  });

  it("read a DJI model without length and language", async () => {
    expect((await readUserData(box("\xa9mdl", "FC3170\0"))).metadata.model).toBe("FC3170");
  });

  it("are complemented by XMP, except for its orientation", async () => {
    const xmp =
      xmpPacket(`<xmp:Rating>4</xmp:Rating><photoshop:City>Wien</photoshop:City><exif:DateTimeOriginal>2005-06-07T08:09:10</exif:DateTimeOriginal>
      <exif:GPSLatitude>48,12.5N</exif:GPSLatitude><exif:GPSLongitude>16,22E</exif:GPSLongitude><exif:GPSAltitude>170/1</exif:GPSAltitude>
      <tiff:Orientation xmlns:tiff="http://ns.adobe.com/tiff/1.0/">6</tiff:Orientation>`);
    const parts = { created: MAC_EPOCH_OFFSET_SECONDS + 1_500_000_000 };
    const uuid = [0xbe, 0x7a, 0xcf, 0xcb, 0x97, 0xa9, 0x42, 0xe8, 0x9c, 0x71, 0x99, 0x94, 0x91, 0xe3, 0xaf, 0xac];
    for (const place of [{ afterMovie: [box("uuid", uuid, xmp)] }, { movie: [box("udta", box("XMP_", xmp))] }]) {
      const info = await readMovie({ ...parts, ...place });
      expect(info.metadata).toMatchObject({ rating: 4, city: "Wien", altitude: 170, orientation: null });
      expect(captureTimeOf(info)).toBe("2005-06-07T08:09:10");
    }
    const placed = await readMovie({
      movie: [box("udta", box("XMP_", xmp), internationalText("\xa9xyz", "+10.0+020.0/"))],
    });
    expect(placed.metadata).toMatchObject({ latitude: 10, longitude: 20, altitude: null });
  });

  it("are null if the movie has none", async () => {
    const { metadata } = await readMovie({});
    expect(Object.values({ ...metadata, fps: null }).every((value) => value === null)).toBe(true);
  });
});

describe("camera makers' metadata", () => {
  const sonyXml = `<?xml version="1.0"?><NonRealTimeMeta xmlns="urn:schemas-professionalDisc:nonRealTimeMeta:ver.2.00">
    <CreationDate value="2019-04-24T20:23:16+02:00"/><Device manufacturer="Sony" modelName="ILCE-7M3" serialNo="1"/>
    <Lens modelName="FE 24-105mm F4 G OSS"/><Group name="ExifGPS"><Item name="LatitudeRef" value="S"/>
    <Item name="Latitude" value="35:30:0.0"/><Item name="LongitudeRef" value="E"/><Item name="Longitude" value="139:45:0"/></Group></NonRealTimeMeta>`;

  it("reads Sony's XML", async () => {
    const meta = box(
      "meta",
      [0, 0, 0, 0],
      box("hdlr", new Uint8Array(8), "nrtm", new Uint8Array(12)),
      box("xml ", [0, 0, 0, 0], sonyXml),
    );
    const info = await readMovie({ created: MAC_EPOCH_OFFSET_SECONDS + 1_500_000_000, afterMovie: [meta] });
    expect(info.metadata).toMatchObject({
      make: "Sony",
      model: "ILCE-7M3",
      lensModel: "FE 24-105mm F4 G OSS",
      latitude: -35.5,
      longitude: 139.75,
    });
    expect(captureTimeOf(info)).toBe("2019-04-24T20:23:16 120");
  });

  const exif = {
    image: [ascii(0x10f, "Canon\0"), ascii(0x110, "EOS 7D\0")],
    exif: [ascii(0x9003, "2018:11:12 13:14:15\0")],
  };

  it("reads Canon's thumbnail and Canon's EXIF boxes", async () => {
    const photo = box("CNTH", box("CNDA", jpeg(160, 120, exifSegment(exif))));
    const uuid = [0x85, 0xc0, 0xb6, 0x87, 0x82, 0x0f, 0x11, 0xe0, 0x81, 0x11, 0xf4, 0xce, 0x46, 0x2b, 0x6a, 0x48];
    for (const parts of [{ movie: [box("udta", photo)] }, { movie: [box("uuid", uuid, box("CMT1", tiff(exif)))] }]) {
      const info = await readMovie(parts);
      expect(info).toMatchObject({ width: 1920, metadata: { make: "Canon", model: "EOS 7D" } });
      expect(captureTimeOf(info)).toBe("2018-11-12T13:14:15");
    }
  });

  it("reads Nikon's tag list", async () => {
    const record = (tag: number, text: string) => bytesOf(u32(tag), u16(2), u16(text.length), text);
    const list = bytesOf(
      record(1, "NIKON\0"),
      record(2, "D800\0"),
      u32(0x13),
      u16(4),
      u16(1),
      u32(9),
      record(0x12, "2012:03:04 05:06:08\0"),
    );
    const info = await readUserData(box("NCDT", box("NCTG", list)));
    expect(info.metadata).toMatchObject({ make: "NIKON", model: "D800" });
    expect(captureTimeOf(info)).toBe("2012-03-04T05:06:08");
  });

  it("reads names at fixed offsets of other makers", async () => {
    const padded = (text: string, length: number) => bytesOf(text, new Uint8Array(length - text.length));
    const digicam = box("TAGS", padded("SAMSUNG DIGITAL CAMERA", 24), padded("WP10", 100));
    expect((await readUserData(digicam)).metadata).toMatchObject({ make: "SAMSUNG DIGITAL CAMERA", model: "WP10" });
    expect((await readUserData(box("TAGS", padded("anything else", 124)))).metadata).toMatchObject({
      make: null,
      model: null,
    });
    expect((await readUserData(box("PANA", [0, 0, 0, 0], padded("DMC-FZ200", 100)))).metadata.model).toBe("DMC-FZ200");
    expect((await readUserData(box("manu", [0, 0, 0, 0, 0x15, 0xc7], "Canon\0"))).metadata.make).toBe("Canon");
    const record = (name: string, type: number, ...content: Part[]) => {
      const body = bytesOf(...content);
      return bytesOf(name, [type, 1], u16(body.length), body, new Uint8Array((4 - (body.length % 4)) % 4));
    };
    const gopro = record("DEVC", 0, record("DVID", 76, u32(1)), record("MINF", 99, "HERO8 Black"));
    expect((await readUserData(box("GPMF", gopro))).metadata.model).toBe("HERO8 Black");
  });
});

describe("AVI", () => {
  it("has size, frame rate and duration", async () => {
    expect(await readInfo("a.avi", avi())).toMatchObject({
      width: 320,
      height: 240,
      durationSeconds: 3,
      metadata: { fps: 15 },
    });
  });

  it("counts the frames beyond the first gigabyte", async () => {
    const openDml = riffList("odml", chunk("dmlh", u32(900, true)));
    expect(await readInfo("a.avi", avi({ headers: [openDml] }))).toMatchObject({ durationSeconds: 60 });
  });

  it.each([
    ["Mon Mar 10 15:04:43 2003\n\0", "2003-03-10T15:04:43"],
    ["SUN FEB  1 08:09:10 2009", "2009-02-01T08:09:10"],
    ["2001/ 1/27  1:42PM", "2001-01-27T13:42:00"],
    ["2005/11/28/ 09:19", "2005-11-28T09:19:00"],
    ["2002-12-16  15:35:01\0\0", "2002-12-16T15:35:01"],
    ["2002-13-16 15:35:01", null],
    ["yesterday", null],
    ["30088829 1580063616", "2010-07-08T09:10:11"],
    ["4294967295 0", null],
  ])("parses the date %j", async (written, expected) => {
    expect(captureTimeOf({ ...(await readInfo("a.avi", avi())), captureTime: parseRiffDate(written) })).toBe(expected);
    expect(captureTimeOf(await readInfo("a.avi", avi({ headers: [chunk("IDIT", written)] })))).toBe(expected);
  });

  it("reads the camera from vendor chunks", async () => {
    const record = (tag: number, text: string) => bytesOf(u16(tag, true), u16(text.length, true), text);
    const nikon = riffList(
      "ncdt",
      chunk("nctg", record(3, "NIKON\0"), record(4, "S210\0"), record(0x13, "2008:09:10 11:12:13\0")),
    );
    const info = await readInfo("a.avi", avi({ top: [nikon] }));
    expect(info.metadata).toMatchObject({ make: "NIKON", model: "S210" });
    expect(captureTimeOf(info)).toBe("2008-09-10T11:12:13");
    const olympus = chunk("JUNK", "OLYMDigital Camera", "OLYMPUS\0", new Uint8Array(18), "SP550UZ\0");
    expect((await readInfo("a.avi", avi({ top: [olympus] }))).metadata).toMatchObject({
      make: "OLYMPUS",
      model: "SP550UZ",
    });
  });

  it("prefers the date of its header to vendor chunks", async () => {
    const nikonDate = bytesOf(u16(0x13, true), u16(20, true), "2008:09:10 11:12:13\0");
    const nikon = riffList("ncdt", chunk("nctg", nikonDate));
    const info = await readInfo("a.avi", avi({ headers: [chunk("IDIT", "2008/ 9/10 11:12")], top: [nikon] }));
    expect(captureTimeOf(info)).toBe("2008-09-10T11:12:00");
  });

  it("reads EXIF from the stream and XMP from the top level", async () => {
    const entry = bytesOf(u16(1, true), u16(0x10f, true), u16(2, true), u32(5, true), u32(18, true), u32(0), "Fuji\0");
    const info = await readInfo(
      "a.avi",
      avi({
        stream: [chunk("strd", "AVIF", u32(0), entry)],
        top: [chunk("_PMX", xmpPacket("<xmp:Rating>3</xmp:Rating>"))],
      }),
    );
    expect(info.metadata).toMatchObject({ make: "Fuji", rating: 3 });
  });
});

describe("Matroska", () => {
  const segmentInfo = (...more: Uint8Array[]) => element(0x1549a966, ...more);

  it("reads its own tags and copied QuickTime tags", async () => {
    const tags = element(
      0x1254c367,
      matroskaTag("DESCRIPTION", "Straße"),
      matroskaTag("COM.APPLE.QUICKTIME.MAKE", "Apple"),
      matroskaTag("COM.APPLE.QUICKTIME.LOCATION.ISO6709", "+48.5-002.5+035.0/"),
      matroskaTag("DATE_RECORDED", "2019-03-04 05:06:07"),
    );
    const info = await readInfo("a.mkv", matroska(segmentInfo(), matroskaTrack(), tags));
    expect(info.metadata).toMatchObject({
      description: "Straße",
      make: "Apple",
      latitude: 48.5,
      longitude: -2.5,
      altitude: 35,
    });
    expect(captureTimeOf(info)).toBe("2019-03-04T05:06:07");
  });

  it("derives duration and frame rate from blocks if the headers lack them", async () => {
    const clusters = [0, 160, 320].map((start) =>
      element(0x1f43b675, element(0xe7, u16(start)), block(0), block(40), block(80), block(120)),
    );
    const info = await readInfo("a.webm", matroska(segmentInfo(), matroskaTrack(), ...clusters));
    expect(info.metadata.fps).toBe(25);
    expect(info.durationSeconds).toBeCloseTo(0.48, 6);
  });

  it("snaps a frame rate measured in coarse ticks to a standard one", async () => {
    const frameRateOf = async (recorded: number) => {
      const times = Array.from({ length: 20 }, (_, i) => Math.round((i * 1000) / recorded));
      const cluster = element(0x1f43b675, element(0xe7, u16(0)), ...times.map((time) => block(time)));
      return (await readInfo("a.webm", matroska(segmentInfo(), matroskaTrack(), cluster))).metadata.fps;
    };
    for (const frameRate of [10, 12.5, 15, 24, 30, 50, 60, 120]) expect(await frameRateOf(frameRate)).toBe(frameRate);
    expect(await frameRateOf(14.15)).toBeCloseTo(14.15, 1);
  });

  it("reads the date, ignoring Matroska's epoch", async () => {
    const date = (nanoseconds: bigint) =>
      element(0x4461, u32(Number(nanoseconds >> 32n)), u32(Number(nanoseconds & 0xffffffffn)));
    const written = await readInfo("a.mkv", matroska(segmentInfo(date(599_529_600_000_000_000n)), matroskaTrack()));
    expect(captureTimeOf(written)).toBe("2020-01-01T00:00:00 0");
    expect(captureTimeOf(await readInfo("a.mkv", matroska(segmentInfo(date(0n)), matroskaTrack())))).toBeNull();
  });

  it("uses pixel dimensions, not the display size", async () => {
    const video = element(
      0xe0,
      element(0xb0, u16(384)),
      element(0xba, u16(288)),
      element(0x54b0, [4]),
      element(0x54ba, [3]),
    );
    const tracks = element(0x1654ae6b, element(0xae, element(0x83, [1]), video));
    expect(await readInfo("a.mkv", matroska(tracks))).toMatchObject({ width: 384, height: 288 });
  });
});

describe("MPEG streams", () => {
  const frames = (first: Uint8Array): [number, Uint8Array][] => [
    [129_600, first],
    [135_000, bytesOf([0, 0, 1, 0x41])],
    [133_200, bytesOf([0, 0, 1, 0x41])],
    [131_400, bytesOf([0, 0, 1, 0x41])],
    [136_800, bytesOf([0, 0, 1, 0x41])],
  ];

  it.each([
    ["AVCHD, with a timestamp before each packet,", true],
    ["a broadcast", false],
  ])("reads size, frame rate and duration of %s", async (_, hasClock) => {
    const info = await readInfo("a.mts", transportStream(0x1b, frames(h264Sequence), hasClock));
    expect(info).toMatchObject({ width: 1920, height: 1080, metadata: { fps: 50 }, problem: null });
    expect(info.durationSeconds).toBeCloseTo(0.1, 6);
  });

  it("reads H.265 and MPEG-2", async () => {
    expect(await readInfo("a.mts", transportStream(0x24, frames(h265Sequence)))).toMatchObject({
      width: 176,
      height: 144,
      metadata: { fps: 50 },
    });
    expect(await readInfo("a.mts", transportStream(0x02, frames(mpegSequence)))).toMatchObject({
      width: 720,
      height: 576,
      metadata: { fps: 25 },
    });
  });

  it("reads capture time, make and location from MDPM", async () => {
    const notes = mdpmMessage(
      [0x18, [0x42, 0x20, 0x12, 0x07]],
      [0x19, [0x31, 0x23, 0x59, 0x58]],
      [0xb1, [0x4e, 0, 0, 0]],
      [0xb2, [0, 35, 0, 1]],
      [0xb3, [0, 30, 0, 1]],
      [0xb4, [0, 0, 0, 1]],
      [0xb5, [0x57, 0, 0, 0]],
      [0xb6, [0, 139, 0, 1]],
      [0xb7, [0, 45, 0, 1]],
      [0xb8, [0, 0, 0, 1]],
    );
    const maker = mdpmMessage(
      [0xe0, [0x01, 0x08, 0, 0]],
      [0xe4, [0x48, 0x44, 0x52, 0x2d]],
      [0xe5, [0x43, 0x58, 0x31, 0]],
    );
    const placed = await readInfo("a.mts", transportStream(0x1b, frames(bytesOf(h264Sequence, notes)), true));
    expect(captureTimeOf(placed)).toBe("2012-07-31T23:59:58 120");
    expect(placed.metadata).toMatchObject({ latitude: 35.5, longitude: -139.75 });
    const made = await readInfo("a.mts", transportStream(0x1b, frames(bytesOf(h264Sequence, maker)), true));
    expect(made.metadata).toMatchObject({ make: "Sony", model: "HDR-CX1", originalDatetime: null });
  });

  it("reads a program stream whose timestamps wrap around", async () => {
    const pack = bytesOf([0, 0, 1, 0xba, 0x44, 0, 4, 0, 4, 1, 0, 0, 3, 0xf8]);
    const bytes = bytesOf(pack, pesPacket(2 ** 33 - 3600, mpegSequence), pesPacket(3600, new Uint8Array(20)));
    const info = await readInfo("a.mpg", bytes);
    expect(info).toMatchObject({ width: 720, height: 576, metadata: { fps: 25 } });
    expect(info.durationSeconds).toBeCloseTo(0.12, 6);
  });

  it("reads only the start and the end of a long file", async () => {
    const packets = (times: number[]) =>
      transportStream(
        0x1b,
        times.map((ticks) => [ticks, h264Sequence]),
        true,
      );
    const between = bytesOf([0, 0, 0, 0, 0x47, 0x1f, 0xff, 0x10], new Uint8Array(184));
    const bytes = new Uint8Array(8 * 1024 * 1024 - ((8 * 1024 * 1024) % 192));
    for (let at = 0; at < bytes.length; at += 192) bytes.set(between, at);
    const last = packets([900_000, 903_600, 901_800]);
    bytes.set(packets([180_000]));
    bytes.set(last, bytes.length - last.length);
    const source = countingSource(bytes);
    const format = formatForFileName("a.m2ts");
    if (format === null) throw new Error("unknown extension: m2ts");
    expect((await readMediaInfo(source, format)).durationSeconds).toBeCloseTo((903_600 - 180_000) / 90_000 + 1 / 50, 6);
    expect(source.counts.bytes).toBeLessThan(1024 * 1024);
  });

  it("reports a missing size if no program has video", async () => {
    expect((await readInfo("a.mts", transportStream(0x0f, frames(h264Sequence)))).problem).toMatch(
      /no video dimensions/,
    );
  });
});

it("finds cover art in the item list", async () => {
  const cover = box("covr", box("data", u32(13), u32(0), [0xff, 0xd8, 0xff, 0xe0]));
  const bytes = movie({ movie: [box("udta", box("meta", [0, 0, 0, 0], box("ilst", cover)))] });
  expect(await findCoverArt(memorySource(bytes))).toMatchObject({ mimeType: "image/jpeg", sizeBytes: 4 });
});

describe("a cover that is attached to a Matroska file", () => {
  const file = (name: string, ...data: number[]) => element(0x61a7, element(0x466e, name), element(0x465c, data));
  const coverOf = (...files: Uint8Array[]) =>
    findCoverArt(memorySource(matroska(matroskaTrack(), element(0x1941a469, ...files), element(0x1f43b675))));

  it("is the first attachment that is named like a cover", async () => {
    const found = await coverOf(
      file("font.ttf", 0, 1, 0, 0),
      file("photo.jpg", 0xff, 0xd8, 0xff, 0xe0),
      file("cover_land.png", 0x89, 0x50, 0x4e, 0x47, 13),
      file("cover.jpg", 0xff, 0xd8, 0xff, 0xe0),
    );
    expect(found).toMatchObject({ mimeType: "image/png", sizeBytes: 5 });
  });

  it("is missing without attachments, and if it is no image", async () => {
    expect(await coverOf()).toBeNull();
    expect(await coverOf(file("cover.jpg", 1, 2, 3))).toBeNull();
    expect(await coverOf(element(0x61a7))).toBeNull();
    expect(await findCoverArt(memorySource(matroska()))).toBeNull();
  });
});
