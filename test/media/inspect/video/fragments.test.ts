/** The duration of fragmented MP4 files without an index. */
import { describe, expect, it } from "vitest";
import { readMediaInfo } from "../../../../src/media/inspect/mediaInfo.ts";
import type { MediaFormat } from "../../../../src/media/inspect/formats.ts";
import { MAX_TAIL_SEARCH_BYTES } from "../../../../src/media/inspect/video/mp4/lastFragments.ts";
import { memorySource } from "../../../../src/media/inspect/bytes/byteSource.ts";
import { box, u32 } from "../../../support/media/buildImage.ts";
import { countingSource } from "../../../support/media/countingSource.ts";
import { fragment, internationalText, movie } from "../../../support/media/buildVideo.ts";

const TICKS_PER_SECOND = 600;
/** A second of 30 frames. */
const second = Array.from({ length: 30 }, () => 20);
const base = {
  seconds: 0,
  runs: [],
  movie: [box("mvex", box("trex", [0, 0, 0, 0], u32(1), u32(1), u32(20)))],
} satisfies Parameters<typeof movie>[0];

const mp4: MediaFormat = { extension: "mp4", mimeType: "video/mp4", mediaType: "video", family: "mp4" };

async function readFragmented(fragments: Uint8Array[], seconds = 0) {
  const source = countingSource(movie({ ...base, seconds, afterMovie: fragments }));
  const info = await readMediaInfo(source, mp4);
  return { durationSeconds: info.durationSeconds, fps: info.metadata.fps, source };
}

const seconds = (count: number, mediaBytes = 10, trackId = 1) =>
  Array.from({ length: count }, (_, i) => fragment(i * TICKS_PER_SECOND, second, { mediaBytes, trackId }));

describe("the duration of a fragmented video without an index", () => {
  it.each([1, 63, 64, 65, 127, 128, 129, 600, 3600])("is that of all of its %d fragments", async (count) => {
    const { durationSeconds, fps } = await readFragmented(seconds(count));
    expect(durationSeconds).toBe(count);
    expect(fps).toBe(30);
  });

  it("counts from the first fragment's time", async () => {
    const late = Array.from({ length: 600 }, (_, i) => fragment((1000 + i) * TICKS_PER_SECOND, second));
    expect((await readFragmented(late)).durationSeconds).toBe(600);
  });

  it("ends with the last fragment of the video track", async () => {
    const sound = fragment(0, second, { trackId: 2 });
    const { durationSeconds } = await readFragmented([...seconds(600), sound, sound]);
    expect(durationSeconds).toBe(600);
  });

  it("is found in a recording that stopped in the middle of a fragment", async () => {
    const fragments = seconds(300, 1000);
    const last = fragments.pop() ?? new Uint8Array(0);
    const { durationSeconds } = await readFragmented([...fragments, last.subarray(0, last.length - 500)]);
    expect(durationSeconds).toBe(300);
  });

  it("is unknown if the last fragment begins before the searched end of the file", async () => {
    const largest = fragment(600 * TICKS_PER_SECOND, second, { mediaBytes: MAX_TAIL_SEARCH_BYTES });
    expect((await readFragmented([...seconds(600), largest])).durationSeconds).toBeNull();
  });

  it("is the header's if that covers more than the fragments that were read", async () => {
    const largest = fragment(600 * TICKS_PER_SECOND, second, { mediaBytes: MAX_TAIL_SEARCH_BYTES });
    expect((await readFragmented([...seconds(600), largest], 601)).durationSeconds).toBe(601);
  });

  it("is unknown rather than that of a frame's bytes that look like a fragment's name", async () => {
    const largest = fragment(600 * TICKS_PER_SECOND, second, { mediaBytes: MAX_TAIL_SEARCH_BYTES });
    const text = new TextEncoder().encode("\0\0\0\x20moof\0\0\0\x18mfhdmoofmoof");
    largest.set(text, largest.length - 100);
    expect((await readFragmented([...seconds(600), largest])).durationSeconds).toBeNull();
  });

  it.each([10, 5000, 20_000, 200_000])(
    "leaves enough of the read limit for tags: fragments of %d bytes",
    async (size) => {
      const udta = box(
        "udta",
        internationalText("\xa9mak", "Maker"),
        internationalText("\xa9xyz", "+33.1268-117.3273/"),
      );
      const file = movie({ ...base, movie: [...base.movie, udta], afterMovie: seconds(400, size) });
      const info = await readMediaInfo(memorySource(file), mp4);
      expect(info).toMatchObject({ durationSeconds: 400, metadata: { make: "Maker", latitude: 33.1268, fps: 30 } });
    },
  );

  it("stays within the limit of four megabytes of reads", async () => {
    const { durationSeconds, source } = await readFragmented(seconds(200, 200_000));
    expect(durationSeconds).toBe(200);
    expect(source.counts.bytes).toBeLessThanOrEqual(4 * 1024 * 1024);
  });
});
