import { describe, expect, it } from "vitest";
import { memorySource } from "../../../../../src/media/inspect/bytes/byteSource.ts";
import { openKeyFrames } from "../../../../../src/media/inspect/video/keyFrames/openKeyFrames.ts";
import { fragmentedFilm, type FragmentedFilm } from "../../../../support/media/fragmentedFilms.ts";

/** Key frames of 20 bytes and more, each followed by two other samples. */
const fragments = Array.from({ length: 6 }, (_, i) => [
  new Uint8Array(20 + i).fill(i + 1),
  new Uint8Array(7).fill(200),
  new Uint8Array(9).fill(201),
]);

async function located(bytes: Uint8Array, index: number): Promise<Uint8Array | null> {
  const track = await openKeyFrames(memorySource(bytes));
  const sample = (await track?.readKeyFrame(index, bytes.length)) ?? null;
  return sample === "too-large" ? null : sample;
}

describe("key frames of a fragmented MP4", () => {
  const kinds: [string, Omit<FragmentedFilm, "fragments">][] = [
    ["an index at the end", { index: "mfra" }],
    ["a segment index", { index: "sidx" }],
    ["no index", { index: "none" }],
    ["offsets from the start of the file", { index: "mfra", base: "file" }],
    ["other samples in front of the key frames", { index: "sidx", leading: 3 }],
  ];

  it.each(kinds)("are located with %s", async (_name, kind) => {
    const bytes = fragmentedFilm({ ...kind, fragments });
    expect(await openKeyFrames(memorySource(bytes))).toMatchObject({ codec: "h264", keyFrames: 6 });
    for (const [index, [keyFrame]] of fragments.entries()) expect(await located(bytes, index)).toEqual(keyFrame);
    expect(await located(bytes, 6)).toBeNull();
  });

  it("are missing behind the end of the file and in damaged indexes", async () => {
    const whole = fragmentedFilm({ fragments, index: "sidx" });
    expect(await located(whole.subarray(0, whole.length - 30), 5)).toBeNull();
    const indexed = fragmentedFilm({ fragments, index: "mfra" });
    for (let cut = 1; cut < 100; cut++) {
      const bytes = indexed.subarray(0, indexed.length - cut);
      // Without the index the fragments themselves are listed.
      expect(await located(bytes, 0)).toEqual(fragments[0]?.[0]);
    }
  });

  it("don't exist without fragments", async () => {
    expect(await openKeyFrames(memorySource(fragmentedFilm({ fragments: [], index: "none" })))).toBeNull();
  });
});
