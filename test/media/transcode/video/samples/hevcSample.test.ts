import { expect, it } from "vitest";
import { memorySource } from "../../../../../src/media/inspect/bytes/byteSource.ts";
import { findPosterFrame } from "../../../../../src/media/transcode/video/posterFrame.ts";
import { sampleBytes } from "../../../../fixtures/media/samples.ts";

it("decodes HEVC of 4K with 10 bits within its memory", async () => {
  const film = memorySource(await sampleBytes("test/fixtures/hevc/4k-10-bits.mp4"));
  expect(await findPosterFrame(film, 1440)).toMatchObject({ kind: "frame", image: { width: 1440, height: 810 } });
});
