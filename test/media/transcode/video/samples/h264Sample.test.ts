import { expect, it } from "vitest";
import { memorySource } from "../../../../../src/media/inspect/bytes/byteSource.ts";
import { openKeyFrames } from "../../../../../src/media/inspect/video/keyFrames/openKeyFrames.ts";
import { h264Sample } from "../../../../../src/media/transcode/video/samples/h264Sample.ts";
import { bytesOf, u32 } from "../../../../support/media/buildImage.ts";
import { avcSample, film } from "../../../../support/media/films.ts";
import { streamUnits } from "../../../../support/media/h264Pictures.ts";

it("decodes samples with lengths and with start codes to the same picture", async () => {
  const units = await streamUnits("high-bars");
  const { configuration } = avcSample(units);
  const withLengths = bytesOf(...units.map((unit) => bytesOf(u32(unit.length), unit)));
  const withStartCodes = bytesOf(...units.map((unit) => bytesOf([0, 0, 0, 1], unit)));
  const track = await openKeyFrames(memorySource(film({ samples: [withLengths], entry: [configuration] })));
  if (track === null) throw new Error("the film has no key frames");
  const expected = await h264Sample.decode(withLengths, track, 320);
  expect(expected).toMatchObject({ kind: "image", image: { width: 320, height: 180 } });
  expect(await h264Sample.decode(withStartCodes, track, 320)).toEqual(expected);
  const alone = { ...track, configuration: new Uint8Array() };
  expect(await h264Sample.decode(withStartCodes, alone, 320)).toEqual(expected);
});
