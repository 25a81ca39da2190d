import { describe, expect, it } from "vitest";
import { uniqueBytes } from "../../support/clients/api.ts";
import { expectAsset, expectError } from "../../support/clients/responses.ts";
import { fields, file } from "../../support/clients/multipart.ts";
import { postParts, uploadWithoutConsumer, storedState } from "../../support/clients/uploads.ts";
import { sampleBytes } from "../../fixtures/media/samples.ts";
import { ascii, box, exifSegment, jpeg, rationals } from "../../support/media/buildImage.ts";
import { internationalText, movie } from "../../support/media/buildVideo.ts";

describe("the capture time of an uploaded file", () => {
  it("is the camera's time, without an offset if the camera wrote none", async () => {
    const photo = await sampleBytes("cyclamen_persicum.jpg");
    const asset = await expectAsset(
      await uploadWithoutConsumer(photo, { fileCreatedAt: "2020-01-01T00:00:00+05:00" }),
      201,
    );
    expect(asset.local_datetime).toBe("2007-12-06T14:33:18");
    expect(asset.metadata?.original_datetime).toBe(asset.local_datetime);
    expect(asset.file_created_at).toBe("2020-01-01T00:00:00+05:00");
  });

  it("is the camera's time with its offset", async () => {
    const videoCreatedAt = await sampleBytes("0002_with-gps.mov");
    const asset = await expectAsset(await uploadWithoutConsumer(videoCreatedAt, { name: "videoCreatedAt.mov" }), 201);
    expect(asset.local_datetime).toBe("2019-07-24T11:25:40+03:00");
  });

  it("is the camera's time in UTC for a photo with the offset +00:00 and coordinates in another time zone", async () => {
    const photo = jpeg(
      8,
      8,
      exifSegment({
        exif: [ascii(0x9003, "2019:07:16 10:26:11\0"), ascii(0x9011, "+00:00\0")],
        gps: [
          ascii(1, "S\0"),
          rationals(2, [1, 1], [17, 1], [0, 1]),
          ascii(3, "E\0"),
          rationals(4, [36, 1], [49, 1], [0, 1]),
        ],
      }),
    );
    const asset = await expectAsset(await uploadWithoutConsumer(photo), 201);
    expect(asset.metadata).toMatchObject({ timezone: "Africa/Nairobi" });
    expect(asset.local_datetime).toBe("2019-07-16T10:26:11+00:00");
  });

  const times = [
    ["2024-05-06T07:08:09", "2024-05-06T07:08:09", "2024-05-06T07:08:09"],
    ["2024-05-06T07:08:09Z", "2024-05-06T07:08:09", "2024-05-06T07:08:09Z"],
    ["2024-05-06T07:08:09.123Z", "2024-05-06T07:08:09.123", "2024-05-06T07:08:09.123Z"],
    ["2024-05-06T07:08:09.123456+00:00", "2024-05-06T07:08:09.123456", "2024-05-06T07:08:09.123456Z"],
    ["2024-05-06T07:08:09-07:00", "2024-05-06T07:08:09-07:00", "2024-05-06T07:08:09-07:00"],
    ["2024-05-06 07:08:09+0530", "2024-05-06T07:08:09+05:30", "2024-05-06T07:08:09+05:30"],
    ["2024-05-06T07:08+14", "2024-05-06T07:08:00+14:00", "2024-05-06T07:08:00+14:00"],
    ["2024-02-29", "2024-02-29T00:00:00", "2024-02-29T00:00:00"],
    ["1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.500", "1969-12-31T23:59:59.500Z"],
    ["1826-06-01T12:00:00", "1826-06-01T12:00:00", "1826-06-01T12:00:00"],
    ["1700-01-01T00:00:00Z", "1700-01-01T00:00:00", "1700-01-01T00:00:00Z"],
    ["2200-12-31T23:59:59.999999+05:00", "2200-12-31T23:59:59.999999+05:00", "2200-12-31T23:59:59.999999+05:00"],
  ] as const;
  it.each(times)("is file_created_at for a file without a capture time: %s", async (given, local, kept) => {
    const asset = await expectAsset(await uploadWithoutConsumer(uniqueBytes(), { fileCreatedAt: given }), 201);
    expect(asset.local_datetime).toBe(local);
    expect(asset.file_created_at).toBe(kept);
    expect(asset.metadata?.original_datetime).toBeNull();
  });
});

describe("an impossible file_created_at", () => {
  it.each(["2024-02-30T00:00:00Z", "", "yesterday"])("is refused with an example of the format: %j", async (time) => {
    const body = await expectError(await postParts([file(uniqueBytes()), ...fields({ file_created_at: time })]), 422);
    expect(body.message).toContain("must be an ISO 8601 date-time, such as");
  });
});

describe("a placeholder for an unknown file_created_at", () => {
  const placeholders = [
    "0000-00-00",
    "0000-00-00 00:00:00",
    "0000-12-31T23:00:00Z",
    "0001-01-01",
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00.0000000+02:00",
    "9999-12-31T23:59:59",
    "9999-12-31T23:59:59.9999999Z",
  ];

  it.each(placeholders)("counts as file_modified_at: %s", async (time) => {
    const parts = [
      file(uniqueBytes()),
      ...fields({ file_created_at: time, file_modified_at: "2021-02-03T04:05:06+01:00" }),
    ];
    const asset = await expectAsset(await postParts(parts), 201);
    expect(asset.local_datetime).toBe("2021-02-03T04:05:06+01:00");
    expect(asset.file_created_at).toBe("2021-02-03T04:05:06+01:00");
  });

  it.each(placeholders)("counts as the time of the upload if file_modified_at is one too: %s", async (time) => {
    const parts = [file(uniqueBytes()), ...fields({ file_created_at: time, file_modified_at: time })];
    const beforeMs = Date.now();
    const asset = await expectAsset(await postParts(parts), 201);
    expect(Date.parse(asset.file_created_at ?? "")).toBeGreaterThanOrEqual(beforeMs);
    expect(Date.parse(asset.file_created_at ?? "")).toBeLessThanOrEqual(Date.now());
    expect(asset.file_modified_at).toBe(asset.file_created_at);
    expect(`${asset.local_datetime}Z`).toBe(asset.file_created_at);
  });

  it("leaves file_modified_at as file_created_at", async () => {
    const asset = await expectAsset(
      await postParts([file(uniqueBytes()), ...fields({ file_modified_at: "0001-01-01T00:00:00Z" })]),
      201,
    );
    expect(asset.file_modified_at).toBe(asset.file_created_at);
  });
});

describe("the GPS time of a photo", () => {
  const clock = (day: string, hour: number, minute: number) => [
    rationals(7, [hour, 1], [minute, 1], [0, 1]),
    ascii(29, `${day}\0`),
  ];
  const vienna = [
    ascii(1, "N\0"),
    rationals(2, [48, 1], [12, 1], [0, 1]),
    ascii(3, "E\0"),
    rationals(4, [16, 1], [22, 1], [0, 1]),
  ];
  const localTimeOf = async (exif: Parameters<typeof exifSegment>[0]): Promise<string> => {
    const upload = { fileCreatedAt: "2024-05-06T07:08:09+05:00" };
    return (await expectAsset(await uploadWithoutConsumer(jpeg(8, 8, exifSegment(exif)), upload), 201)).local_datetime;
  };
  const taken = [ascii(0x9003, "2019:07:16 12:00:00\0")];

  it("gives the offset of the camera's clock", async () => {
    expect(await localTimeOf({ exif: taken, gps: clock("2019:07:16", 4, 0) })).toBe("2019-07-16T12:00:00+08:00");
    expect(await localTimeOf({ exif: taken, gps: [...vienna, ...clock("2019:07:16", 11, 0)] })).toBe(
      "2019-07-16T12:00:00+01:00",
    );
  });

  it("leaves an offset of the camera and the date tag as they are", async () => {
    const own = [...taken, ascii(0x9011, "+01:00\0")];
    expect(await localTimeOf({ exif: own, gps: clock("2019:07:16", 4, 0) })).toBe("2019-07-16T12:00:00+01:00");
    const photo = jpeg(8, 8, exifSegment({ exif: taken, gps: clock("2019:07:16", 5, 0) }));
    const asset = await expectAsset(await uploadWithoutConsumer(photo), 201);
    expect(asset.metadata?.original_datetime).toBe("2019-07-16T12:00:00");
  });

  it("is that of an earlier fix if the zone of the place never had the offset", async () => {
    const old = clock("2019:07:16", 9, 30);
    expect(await localTimeOf({ exif: taken, gps: [...vienna, ...old] })).toBe("2019-07-16T12:00:00+02:00");
    expect(await localTimeOf({ exif: taken, gps: old })).toBe("2019-07-16T12:00:00");
  });

  it("is the capture time of a photo with a position and no capture date", async () => {
    const gps = [...vienna, ...clock("2019:07:16", 23, 30)];
    expect(await localTimeOf({ gps })).toBe("2019-07-17T01:30:00+02:00");
    expect(await localTimeOf({ image: [ascii(0x132, "2022:01:01 00:00:00\0")], gps })).toBe(
      "2019-07-17T01:30:00+02:00",
    );
    expect(await localTimeOf({ gps: clock("2019:07:16", 23, 30) })).toBe("2024-05-06T07:08:09+05:00");
    expect(await localTimeOf({ gps: vienna })).toBe("2024-05-06T07:08:09+05:00");
  });
});

describe("file_created_at in UTC", () => {
  it("becomes the local time of the file's coordinates", async () => {
    const photo = jpeg(
      8,
      8,
      exifSegment({
        gps: [
          ascii(1, "S\0"),
          rationals(2, [1, 1], [17, 1], [0, 1]),
          ascii(3, "E\0"),
          rationals(4, [36, 1], [49, 1], [0, 1]),
        ],
      }),
    );
    const upload = { fileCreatedAt: "2024-05-06T22:08:09Z" };
    const asset = await expectAsset(await uploadWithoutConsumer(photo, upload), 201);
    expect(asset.local_datetime).toBe("2024-05-07T01:08:09+03:00");
    expect(asset.file_created_at).toBe("2024-05-06T22:08:09Z");
  });
});

describe("an invalid time", () => {
  const broken = [
    "",
    "yesterday",
    "NaN",
    "1714979289",
    "2024-13-01T00:00:00Z",
    "2023-02-29T00:00:00Z",
    "2024-05-06T24:00:00Z",
    "2024-05-06T07:60:00Z",
    "2024-05-06T07:08:09+15:00",
    "2024-05-06T07:08:09 Europe/Berlin",
    "05/06/2024",
    "0001-01-02T00:00:00Z",
    "0500-06-01T12:00:00Z",
    "1699-12-31T23:59:59Z",
    "2201-01-01T00:00:00Z",
    "9999-12-30T23:59:59Z",
    "0001-01-01T00:00:00 and more",
    "+012024-05-06T07:08:09Z",
    "٢٠٢٤-05-06",
  ];
  it.each(broken)("is rejected with the name of its field and leaves no trace: %j", async (time) => {
    const before = await storedState();
    for (const name of ["file_created_at", "file_modified_at"]) {
      const body = await expectError(await postParts([file(uniqueBytes()), ...fields({ [name]: time })]), 422);
      expect(body.detail).toMatchObject([{ loc: ["body", name] }]);
    }
    expect(await storedState()).toEqual(before);
  });
});

describe("the UTC time of a video", () => {
  const secondsTo1970 = 2_082_844_800;

  /** A phone's video of London with a creation time. */
  async function videoCreatedAt(instant: string): Promise<Uint8Array> {
    const bytes = Uint8Array.from(await sampleBytes("0009_with-gps.mp4"));
    const text = new TextDecoder("latin1").decode(bytes);
    const head = text.indexOf("mvhd");
    expect(head).toBeGreaterThan(0);
    new DataView(bytes.buffer).setUint32(head + 8, Date.parse(instant) / 1000 + secondsTo1970);
    return bytes;
  }

  it("is converted to the time zone at its coordinates", async () => {
    const winter = await expectAsset(
      await uploadWithoutConsumer(await videoCreatedAt("2017-02-22T08:20:28Z"), { name: "w.mp4" }),
      201,
    );
    const summer = await expectAsset(
      await uploadWithoutConsumer(await videoCreatedAt("2017-07-22T23:20:28Z"), { name: "s.mp4" }),
      201,
    );
    expect(winter.local_datetime).toBe("2017-02-22T08:20:28+00:00");
    expect(summer.local_datetime).toBe("2017-07-23T00:20:28+01:00");
    expect(summer.metadata?.timezone).toBe("Europe/London");
  });

  it("is local time in a GoPro's video", async () => {
    const created = secondsTo1970 + Date.parse("2019-11-18T15:45:32Z") / 1000;
    const place = box("udta", internationalText("\xa9xyz", "+33.1268-117.3273/"));
    const gopro = (boxes: Uint8Array[]) => movie({ created, handlerName: "GoPro AVC\0", movie: boxes });
    const here = await expectAsset(await uploadWithoutConsumer(gopro([place]), { name: "GX010001.MP4" }), 201);
    expect(here.local_datetime).toBe("2019-11-18T15:45:32-08:00");
    const nowhere = await expectAsset(await uploadWithoutConsumer(gopro([]), { name: "GX010002.MP4" }), 201);
    expect(nowhere.local_datetime).toBe("2019-11-18T15:45:32");
  });

  it("stays in UTC without coordinates", async () => {
    const turned = await expectAsset(
      await uploadWithoutConsumer(await sampleBytes("video_rotate.mp4"), { name: "r.mp4" }),
      201,
    );
    expect(turned.local_datetime).toBe("2019-02-15T21:13:20+00:00");
  });
});
