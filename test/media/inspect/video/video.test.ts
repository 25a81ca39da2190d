/** Videos that the samples do not show: other containers, other makers, odd clocks. */
import { describe, expect, it } from "vitest";
import { type MediaFacts, readFacts } from "../../../../src/media/inspect/mediaInfo.ts";
import { formatOfFileName } from "../../../../src/media/inspect/formats.ts";
import { memorySource } from "../../../../src/media/inspect/bytes/byteSource.ts";
import { parseRiffDate } from "../../../../src/media/inspect/video/avi/aviMetadata.ts";
import { findCoverArt } from "../../../../src/media/inspect/video/mp4/coverArt.ts";
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
  camcorderNotes,
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
  quarterTurn,
  quickTimeEpoch,
  riffList,
  transportStream,
  userText,
} from "../../../support/media/buildVideo.ts";

async function factsOf(name: string, bytes: Uint8Array): Promise<MediaFacts> {
  const format = formatOfFileName(name);
  if (format === null) throw new Error(`unknown extension: ${name}`);
  return readFacts(memorySource(bytes), format);
}

const movieFacts = (parts: MovieParts) => factsOf("a.mov", movie(parts));
const inUserData = (...boxes: Uint8Array[]) => movieFacts({ movie: [box("udta", ...boxes)] });

/** When it was taken, with its offset where one is known. */
function taken({ captureTime }: MediaFacts): string | null {
  if (captureTime === null) return null;
  const offset = captureTime.offsetMinutes;
  return new Date(captureTime.wallUs / 1000).toISOString().slice(0, 19) + (offset === null ? "" : ` ${offset}`);
}

describe("the clock of a movie", () => {
  it.each([
    ["counts from 1904 in UTC", quickTimeEpoch + 1_500_000_000, "2017-07-14T02:40:00 0"],
    ["counts from 1970 in some", 1_500_000_000, "2017-07-14T02:40:00 0"],
    ["was never set at zero", 0, null],
    ["was never set at 1970", quickTimeEpoch, null],
    ["was hardly started at some minutes", 280, null],
    ["was never set at all ones", 0xffffffff, null],
  ])("%s", async (_, created, expected) => {
    expect(taken(await movieFacts({ created }))).toBe(expected);
  });

  it("is none in the year 42603, which a writer of milliseconds means", async () => {
    const created = quickTimeEpoch + 1_282_271_000_000;
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
    const facts = await factsOf("a.mp4", bytesOf(box("ftyp", "isom"), box("moov", long)));
    expect(facts).toMatchObject({ captureTime: null, durationSeconds: 2 });
  });

  it("is read in 32 bits where the box has no room for the 64 it speaks of", async () => {
    const bytes = movie({ created: quickTimeEpoch + 1_500_000_000 });
    const at = Array.from(bytes.keys()).find((i) => bytesOf("mvhd").every((byte, k) => bytes[i + k] === byte)) ?? 0;
    bytes[at + 4] = 1;
    expect(await factsOf("a.mp4", bytes)).toMatchObject({ durationSeconds: 2 });
  });

  it("gives way to a date with an offset, and that to Apple's own", async () => {
    const clock = { created: quickTimeEpoch + 1_500_000_000 };
    const day = userText("\xa9day", "2017-07-14T04:40:00+0200");
    expect(taken(await movieFacts({ ...clock, movie: [box("udta", day)] }))).toBe("2017-07-14T04:40:00 120");
    const apple = keys(["com.apple.quicktime.creationdate", "2017-07-14T05:40:00+0300"]);
    expect(taken(await movieFacts({ ...clock, movie: [apple, box("udta", day)] }))).toBe("2017-07-14T05:40:00 180");
  });

  it("gives way to the date that a dashcam puts beside the movie", async () => {
    const beside = { created: quickTimeEpoch + 1_500_000_000, top: [box("IDIT", "2019-03-04T05:06:07+0000\0")] };
    expect(taken(await movieFacts(beside))).toBe("2019-03-04T05:06:07 0");
  });

  it("stands where the date is a year alone", async () => {
    const facts = await movieFacts({
      created: quickTimeEpoch + 1_500_000_000,
      movie: [box("udta", userText("\xa9day", "2017"))],
    });
    expect(taken(facts)).toBe("2017-07-14T02:40:00 0");
    expect(facts.metadata.originalDatetime).toBeNull();
  });
});

describe("the pictures of a movie", () => {
  it("are turned by their track, by the movie, and twice by both", async () => {
    expect(await movieFacts({})).toMatchObject({ width: 1920, height: 1080 });
    expect(await movieFacts({ matrix: quarterTurn })).toMatchObject({ width: 1080, height: 1920 });
    expect(await movieFacts({ movieMatrix: quarterTurn })).toMatchObject({ width: 1080, height: 1920 });
    expect(await movieFacts({ matrix: quarterTurn, movieMatrix: quarterTurn })).toMatchObject({
      width: 1920,
      height: 1080,
    });
  });

  it("come at the average pace of uneven runs", async () => {
    const facts = await movieFacts({
      runs: [
        [30, 20],
        [30, 10],
      ],
    });
    expect(facts.metadata.fps).toBe(40);
  });

  it("are those of the first track that is no cover and is switched on", async () => {
    const cover = { codec: "jpeg", runs: [[1, 600]] as [number, number][] };
    expect((await movieFacts(cover)).metadata.fps).toBe(1);
    const second = movie({ runs: [[60, 10]] });
    const at = Array.from(second.keys()).find((i) => bytesOf("trak").every((byte, k) => second[i + k] === byte)) ?? 0;
    const track = second.slice(at - 4);
    expect((await movieFacts({ ...cover, movie: [track] })).metadata.fps).toBe(60);
    expect((await movieFacts({ isEnabled: false, movie: [track] })).metadata.fps).toBe(60);
  });

  it("are counted over the fragments that follow the movie", async () => {
    const fragments = {
      seconds: 0,
      runs: [],
      movie: [box("mvex", box("trex", [0, 0, 0, 0], u32(1), u32(1), u32(20)))],
    };
    const facts = await movieFacts({ ...fragments, top: [fragment(0, [20, 20, 20]), fragment(60, [20, 20, 40])] });
    expect(facts.durationSeconds).toBeCloseTo(140 / 600, 6);
    expect(facts.metadata.fps).toBeCloseTo((6 * 600) / 140, 6);
  });

  it("lie on a sphere, as either version of the specification says", async () => {
    const sphere = box(
      "sv3d",
      box("svhd", [0, 0, 0, 0, 0]),
      box("proj", box("prhd", new Uint8Array(16)), box("equi", new Uint8Array(20))),
    );
    expect((await movieFacts({ picture: [sphere] })).metadata.projectionType).toBe("equirectangular");
    const uuid = [0xff, 0xcc, 0x82, 0x63, 0xf8, 0x55, 0x4a, 0x93, 0x88, 0x14, 0x58, 0x7a, 0x02, 0x52, 0x1f, 0xdd];
    const xml =
      "<rdf:SphericalVideo><GSpherical:ProjectionType>cubemap</GSpherical:ProjectionType></rdf:SphericalVideo>";
    expect((await movieFacts({ track: [box("uuid", uuid, xml)] })).metadata.projectionType).toBe("cubemap");
  });
});

it("knows a movie by whatever box QuickTime lets it begin with", async () => {
  for (const type of ["ftyp", "mdat", "wide", "free", "skip", "pnot", "junk", "uuid", "PICT", "pict"]) {
    const facts = await factsOf("a.mov", bytesOf(box(type, new Uint8Array(24)), movie({ seconds: 3 }).subarray(16)));
    expect(facts).toMatchObject({ width: 1920, durationSeconds: 3 });
  }
});

describe("the tags of a movie", () => {
  it("are Apple's before Android's before the older ones", async () => {
    const older = box("udta", userText("\xa9mak", "Older"), userText("\xa9mod", "One"));
    const android = keys(["com.android.manufacturer", "Droid"], ["com.android.model", "Two"]);
    const apple = keys(["com.android.model", "Two"], ["com.apple.quicktime.make", "Apple"]);
    expect((await movieFacts({ movie: [older] })).metadata).toMatchObject({ make: "Older", model: "One" });
    expect((await movieFacts({ movie: [older, android] })).metadata).toMatchObject({ make: "Droid", model: "Two" });
    expect((await movieFacts({ movie: [older, apple] })).metadata).toMatchObject({ make: "Apple", model: "Two" });
  });

  it("are found in the movie, its track and the file", async () => {
    const tags = (name: string) => keys([`com.apple.quicktime.${name}`, name]);
    const facts = await movieFacts({ movie: [tags("make")], track: [tags("camera.lens_model")], top: [tags("model")] });
    expect(facts.metadata).toMatchObject({ make: "make", lensModel: "camera.lens_model", model: "model" });
  });

  it("are taken in no language before any other", async () => {
    const item = box("\xa9des", dataBox("Bonjour", 0x123), dataBox("Hello"));
    const facts = await inUserData(box("meta", [0, 0, 0, 0], box("ilst", item)));
    expect(facts.metadata.description).toBe("Hello");
  });

  it.each<[string, Part, number, string]>([
    ["UTF-8", bytesOf("Caf\xc3\xa9"), 0x15c7, "Café"],
    ["UTF-16", bytesOf("\xfe\xff\0C\0a\0f\0\xe9"), 0x15c7, "Café"],
    ["the alphabet of a Macintosh", bytesOf("Caf\x8e"), 0, "Café"],
    ["the alphabet of Windows", bytesOf("Caf\xe9"), 0x15c7, "Café"],
  ])("are read in %s", async (_, text, language, expected) => {
    expect((await inUserData(userText("\xa9des", text, language))).metadata.description).toBe(expected);
  });

  it("of 3GPP tell what is seen, and where, but no place at 0, 0", async () => {
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
    const facts = await inUserData(place(-3.5, 40.25), box("dscp", [0, 0, 0, 0], u16(0x15c7), "A dog\0"));
    expect(facts.metadata).toMatchObject({ latitude: 40.25, longitude: -3.5, altitude: 650, description: "A dog" });
    expect((await inUserData(place(0, 0))).metadata).toMatchObject({ latitude: null, longitude: null, altitude: null });
  });

  it("without a length and a language are a drone's", async () => {
    expect((await inUserData(box("\xa9mdl", "FC3170\0"))).metadata.model).toBe("FC3170");
  });

  it("of XMP fill in what the movie leaves open, and turn nothing", async () => {
    const xmp =
      xmpPacket(`<xmp:Rating>4</xmp:Rating><photoshop:City>Wien</photoshop:City><exif:DateTimeOriginal>2005-06-07T08:09:10</exif:DateTimeOriginal>
      <exif:GPSLatitude>48,12.5N</exif:GPSLatitude><exif:GPSLongitude>16,22E</exif:GPSLongitude><exif:GPSAltitude>170/1</exif:GPSAltitude>
      <tiff:Orientation xmlns:tiff="http://ns.adobe.com/tiff/1.0/">6</tiff:Orientation>`);
    const parts = { created: quickTimeEpoch + 1_500_000_000 };
    const uuid = [0xbe, 0x7a, 0xcf, 0xcb, 0x97, 0xa9, 0x42, 0xe8, 0x9c, 0x71, 0x99, 0x94, 0x91, 0xe3, 0xaf, 0xac];
    for (const place of [{ top: [box("uuid", uuid, xmp)] }, { movie: [box("udta", box("XMP_", xmp))] }]) {
      const facts = await movieFacts({ ...parts, ...place });
      expect(facts.metadata).toMatchObject({ rating: 4, city: "Wien", altitude: 170, orientation: null });
      expect(taken(facts)).toBe("2005-06-07T08:09:10");
    }
    const placed = await movieFacts({ movie: [box("udta", box("XMP_", xmp), userText("\xa9xyz", "+10.0+020.0/"))] });
    expect(placed.metadata).toMatchObject({ latitude: 10, longitude: 20, altitude: null });
  });

  it("leave a movie without them as it is", async () => {
    const { metadata } = await movieFacts({});
    expect(Object.values({ ...metadata, fps: null }).every((value) => value === null)).toBe(true);
  });
});

describe("what makers of cameras keep in a movie", () => {
  const sonyXml = `<?xml version="1.0"?><NonRealTimeMeta xmlns="urn:schemas-professionalDisc:nonRealTimeMeta:ver.2.00">
    <CreationDate value="2019-04-24T20:23:16+02:00"/><Device manufacturer="Sony" modelName="ILCE-7M3" serialNo="1"/>
    <Lens modelName="FE 24-105mm F4 G OSS"/><Group name="ExifGPS"><Item name="LatitudeRef" value="S"/>
    <Item name="Latitude" value="35:30:0.0"/><Item name="LongitudeRef" value="E"/><Item name="Longitude" value="139:45:0"/></Group></NonRealTimeMeta>`;

  it("Sony: an XML beside it", async () => {
    const meta = box(
      "meta",
      [0, 0, 0, 0],
      box("hdlr", new Uint8Array(8), "nrtm", new Uint8Array(12)),
      box("xml ", [0, 0, 0, 0], sonyXml),
    );
    const facts = await movieFacts({ created: quickTimeEpoch + 1_500_000_000, top: [meta] });
    expect(facts.metadata).toMatchObject({
      make: "Sony",
      model: "ILCE-7M3",
      lensModel: "FE 24-105mm F4 G OSS",
      latitude: -35.5,
      longitude: 139.75,
    });
    expect(taken(facts)).toBe("2019-04-24T20:23:16 120");
  });

  const exif = {
    image: [ascii(0x10f, "Canon\0"), ascii(0x110, "EOS 7D\0")],
    exif: [ascii(0x9003, "2018:11:12 13:14:15\0")],
  };

  it("Canon: a small photo, or EXIF in boxes", async () => {
    const photo = box("CNTH", box("CNDA", jpeg(160, 120, exifSegment(exif))));
    const uuid = [0x85, 0xc0, 0xb6, 0x87, 0x82, 0x0f, 0x11, 0xe0, 0x81, 0x11, 0xf4, 0xce, 0x46, 0x2b, 0x6a, 0x48];
    for (const parts of [{ movie: [box("udta", photo)] }, { movie: [box("uuid", uuid, box("CMT1", tiff(exif)))] }]) {
      const facts = await movieFacts(parts);
      expect(facts).toMatchObject({ width: 1920, metadata: { make: "Canon", model: "EOS 7D" } });
      expect(taken(facts)).toBe("2018-11-12T13:14:15");
    }
  });

  it("Nikon: a list of its own", async () => {
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
    const facts = await inUserData(box("NCDT", box("NCTG", list)));
    expect(facts.metadata).toMatchObject({ make: "NIKON", model: "D800" });
    expect(taken(facts)).toBe("2012-03-04T05:06:08");
  });

  it("others: names at fixed places", async () => {
    const padded = (text: string, length: number) => bytesOf(text, new Uint8Array(length - text.length));
    const digicam = box("TAGS", padded("SAMSUNG DIGITAL CAMERA", 24), padded("WP10", 100));
    expect((await inUserData(digicam)).metadata).toMatchObject({ make: "SAMSUNG DIGITAL CAMERA", model: "WP10" });
    expect((await inUserData(box("TAGS", padded("anything else", 124)))).metadata).toMatchObject({
      make: null,
      model: null,
    });
    expect((await inUserData(box("PANA", [0, 0, 0, 0], padded("DMC-FZ200", 100)))).metadata.model).toBe("DMC-FZ200");
    expect((await inUserData(box("manu", [0, 0, 0, 0, 0x15, 0xc7], "Canon\0"))).metadata.make).toBe("Canon");
    const record = (name: string, type: number, ...content: Part[]) => {
      const body = bytesOf(...content);
      return bytesOf(name, [type, 1], u16(body.length), body, new Uint8Array((4 - (body.length % 4)) % 4));
    };
    const gopro = record("DEVC", 0, record("DVID", 76, u32(1)), record("MINF", 99, "HERO8 Black"));
    expect((await inUserData(box("GPMF", gopro))).metadata.model).toBe("HERO8 Black");
  });
});

describe("AVI", () => {
  it("tells its size, pace and duration", async () => {
    expect(await factsOf("a.avi", avi())).toMatchObject({
      width: 320,
      height: 240,
      durationSeconds: 3,
      metadata: { fps: 15 },
    });
  });

  it("counts the frames of all its gigabytes", async () => {
    const openDml = riffList("odml", chunk("dmlh", u32(900, true)));
    expect(await factsOf("a.avi", avi({ headers: [openDml] }))).toMatchObject({ durationSeconds: 60 });
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
  ])("was taken on %j", async (written, expected) => {
    expect(taken({ ...(await factsOf("a.avi", avi())), captureTime: parseRiffDate(written) })).toBe(expected);
    expect(taken(await factsOf("a.avi", avi({ headers: [chunk("IDIT", written)] })))).toBe(expected);
  });

  it("names its camera where the maker keeps it", async () => {
    const record = (tag: number, text: string) => bytesOf(u16(tag, true), u16(text.length, true), text);
    const nikon = riffList(
      "ncdt",
      chunk("nctg", record(3, "NIKON\0"), record(4, "S210\0"), record(0x13, "2008:09:10 11:12:13\0")),
    );
    const facts = await factsOf("a.avi", avi({ top: [nikon] }));
    expect(facts.metadata).toMatchObject({ make: "NIKON", model: "S210" });
    expect(taken(facts)).toBe("2008-09-10T11:12:13");
    const olympus = chunk("JUNK", "OLYMDigital Camera", "OLYMPUS\0", new Uint8Array(18), "SP550UZ\0");
    expect((await factsOf("a.avi", avi({ top: [olympus] }))).metadata).toMatchObject({
      make: "OLYMPUS",
      model: "SP550UZ",
    });
  });

  it("was taken when its own header says, before what a maker notes besides", async () => {
    const noted = bytesOf(u16(0x13, true), u16(20, true), "2008:09:10 11:12:13\0");
    const nikon = riffList("ncdt", chunk("nctg", noted));
    const facts = await factsOf("a.avi", avi({ headers: [chunk("IDIT", "2008/ 9/10 11:12")], top: [nikon] }));
    expect(taken(facts)).toBe("2008-09-10T11:12:00");
  });

  it("keeps EXIF with its stream, and XMP beside its pictures", async () => {
    const entry = bytesOf(u16(1, true), u16(0x10f, true), u16(2, true), u32(5, true), u32(18, true), u32(0), "Fuji\0");
    const facts = await factsOf(
      "a.avi",
      avi({
        stream: [chunk("strd", "AVIF", u32(0), entry)],
        top: [chunk("_PMX", xmpPacket("<xmp:Rating>3</xmp:Rating>"))],
      }),
    );
    expect(facts.metadata).toMatchObject({ make: "Fuji", rating: 3 });
  });
});

describe("Matroska", () => {
  const info = (...more: Uint8Array[]) => element(0x1549a966, ...more);

  it("tells its tags, those of a movie it was made from too", async () => {
    const tags = element(
      0x1254c367,
      matroskaTag("DESCRIPTION", "Straße"),
      matroskaTag("COM.APPLE.QUICKTIME.MAKE", "Apple"),
      matroskaTag("COM.APPLE.QUICKTIME.LOCATION.ISO6709", "+48.5-002.5+035.0/"),
      matroskaTag("DATE_RECORDED", "2019-03-04 05:06:07"),
    );
    const facts = await factsOf("a.mkv", matroska(info(), matroskaTrack(), tags));
    expect(facts.metadata).toMatchObject({
      description: "Straße",
      make: "Apple",
      latitude: 48.5,
      longitude: -2.5,
      altitude: 35,
    });
    expect(taken(facts)).toBe("2019-03-04T05:06:07");
  });

  it("says by its blocks how long it is and at what pace, where its head does not", async () => {
    const clusters = [0, 160, 320].map((start) =>
      element(0x1f43b675, element(0xe7, u16(start)), block(0), block(40), block(80), block(120)),
    );
    const facts = await factsOf("a.webm", matroska(info(), matroskaTrack(), ...clusters));
    expect(facts.metadata.fps).toBe(25);
    expect(facts.durationSeconds).toBeCloseTo(0.48, 6);
  });

  it("comes at a usual pace where its clock is too coarse to tell it", async () => {
    const paceOf = async (written: number) => {
      const times = Array.from({ length: 20 }, (_, i) => Math.round((i * 1000) / written));
      const cluster = element(0x1f43b675, element(0xe7, u16(0)), ...times.map((time) => block(time)));
      return (await factsOf("a.webm", matroska(info(), matroskaTrack(), cluster))).metadata.fps;
    };
    for (const pace of [10, 12.5, 15, 24, 30, 50, 60, 120]) expect(await paceOf(pace)).toBe(pace);
    expect(await paceOf(14.15)).toBeCloseTo(14.15, 1);
  });

  it("was written on a date, but not at its own year zero", async () => {
    const date = (nanoseconds: bigint) =>
      element(0x4461, u32(Number(nanoseconds >> 32n)), u32(Number(nanoseconds & 0xffffffffn)));
    const written = await factsOf("a.mkv", matroska(info(date(599_529_600_000_000_000n)), matroskaTrack()));
    expect(taken(written)).toBe("2020-01-01T00:00:00 0");
    expect(taken(await factsOf("a.mkv", matroska(info(date(0n)), matroskaTrack())))).toBeNull();
  });

  it("is measured in pixels, whatever shape it is shown in", async () => {
    const video = element(
      0xe0,
      element(0xb0, u16(384)),
      element(0xba, u16(288)),
      element(0x54b0, [4]),
      element(0x54ba, [3]),
    );
    const tracks = element(0x1654ae6b, element(0xae, element(0x83, [1]), video));
    expect(await factsOf("a.mkv", matroska(tracks))).toMatchObject({ width: 384, height: 288 });
  });
});

describe("MPEG streams", () => {
  const pictures = (first: Uint8Array): [number, Uint8Array][] => [
    [129_600, first],
    [135_000, bytesOf([0, 0, 1, 0x41])],
    [133_200, bytesOf([0, 0, 1, 0x41])],
    [131_400, bytesOf([0, 0, 1, 0x41])],
    [136_800, bytesOf([0, 0, 1, 0x41])],
  ];

  it.each([
    ["of AVCHD, whose packets have a clock in front", true],
    ["of broadcasts", false],
  ])("%s tell size, pace and duration", async (_, hasClock) => {
    const facts = await factsOf("a.mts", transportStream(0x1b, pictures(h264Sequence), hasClock));
    expect(facts).toMatchObject({ width: 1920, height: 1080, metadata: { fps: 50 }, problem: null });
    expect(facts.durationSeconds).toBeCloseTo(0.1, 6);
  });

  it("of H.265 and MPEG-2 do too", async () => {
    expect(await factsOf("a.mts", transportStream(0x24, pictures(h265Sequence)))).toMatchObject({
      width: 176,
      height: 144,
      metadata: { fps: 50 },
    });
    expect(await factsOf("a.mts", transportStream(0x02, pictures(mpegSequence)))).toMatchObject({
      width: 720,
      height: 576,
      metadata: { fps: 25 },
    });
  });

  it("carry what the camcorder noted: when, by whom, where", async () => {
    const notes = camcorderNotes(
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
    const maker = camcorderNotes(
      [0xe0, [0x01, 0x08, 0, 0]],
      [0xe4, [0x48, 0x44, 0x52, 0x2d]],
      [0xe5, [0x43, 0x58, 0x31, 0]],
    );
    const placed = await factsOf("a.mts", transportStream(0x1b, pictures(bytesOf(h264Sequence, notes)), true));
    expect(taken(placed)).toBe("2012-07-31T23:59:58 120");
    expect(placed.metadata).toMatchObject({ latitude: 35.5, longitude: -139.75 });
    const made = await factsOf("a.mts", transportStream(0x1b, pictures(bytesOf(h264Sequence, maker)), true));
    expect(made.metadata).toMatchObject({ make: "Sony", model: "HDR-CX1", originalDatetime: null });
  });

  it("of a DVD tell size, pace and duration, across the hour at which their clock begins anew", async () => {
    const pack = bytesOf([0, 0, 1, 0xba, 0x44, 0, 4, 0, 4, 1, 0, 0, 3, 0xf8]);
    const bytes = bytesOf(pack, pesPacket(2 ** 33 - 3600, mpegSequence), pesPacket(3600, new Uint8Array(20)));
    const facts = await factsOf("a.mpg", bytes);
    expect(facts).toMatchObject({ width: 720, height: 576, metadata: { fps: 25 } });
    expect(facts.durationSeconds).toBeCloseTo(0.12, 6);
  });

  it("of any length are read at both ends alone", async () => {
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
    const format = formatOfFileName("a.m2ts");
    if (format === null) throw new Error("m2ts is taken");
    expect((await readFacts(source, format)).durationSeconds).toBeCloseTo((903_600 - 180_000) / 90_000 + 1 / 50, 6);
    expect(source.counts.bytes).toBeLessThan(1024 * 1024);
  });

  it("without a program say that they have no picture", async () => {
    expect((await factsOf("a.mts", transportStream(0x0f, pictures(h264Sequence)))).problem).toMatch(/no picture size/);
  });
});

it("finds the cover of a movie beside its tags", async () => {
  const cover = box("covr", box("data", u32(13), u32(0), [0xff, 0xd8, 0xff, 0xe0]));
  const bytes = movie({ movie: [box("udta", box("meta", [0, 0, 0, 0], box("ilst", cover)))] });
  expect(await findCoverArt(memorySource(bytes))).toMatchObject({ mimeType: "image/jpeg", sizeBytes: 4 });
});
