import { describe, expect, it } from "vitest";
import { memorySource } from "../../../../src/media/inspect/bytes/byteSource.ts";
import { findPosterFrame, type PosterFrame } from "../../../../src/media/transcode/video/posterFrame.ts";
import type { RgbaImage } from "../../../../src/media/transcode/rgbaImage.ts";
import { sampleBytes } from "../../../fixtures/media/samples.ts";
import { box, bytesOf, u16, u32 } from "../../../support/media/buildImage.ts";
import { quarterRotation } from "../../../support/media/buildVideo.ts";
import { ssim } from "../../../support/media/ssim.ts";
import { avcSample, film, type Film } from "../../../support/media/films.ts";
import { fragmentedFilm } from "../../../support/media/fragmentedFilms.ts";
import { bitWriter } from "../../../support/media/h264Streams.ts";
import { streamUnits } from "../../../support/media/h264Pictures.ts";

/** A film of key frames that have their parameter sets with them. */
async function filmOf(names: string[], parts: Partial<Film> = {}): Promise<Uint8Array> {
  const streams = await Promise.all(names.map(streamUnits));
  const { configuration } = avcSample(streams[0] ?? []);
  const samples = streams.map((units) => new Uint8Array(units.flatMap((unit) => [...u32(unit.length), ...unit])));
  return film({ samples, entry: [configuration], ...parts });
}

/** Content of hvcC with sequence parameter sets that state only sizes. */
function hevcConfiguration(...sizes: [width: number, height: number][]): Uint8Array {
  const sets = sizes.map(([width, height]) => {
    const profile = bitWriter().u(4, 0).u(3, 0).u(1, 1).u(32, 0).u(32, 0).u(32, 0);
    const set = bytesOf([0x42], profile.ue(0).ue(1).ue(width).ue(height).u(1, 0).unit(1));
    return bytesOf(u16(set.length), set);
  });
  return bytesOf(new Uint8Array(22), [1, 33], u16(sets.length), ...sets);
}

async function posterOf(bytes: Uint8Array, edgePx = 1440): Promise<PosterFrame> {
  return await findPosterFrame(memorySource(bytes), edgePx);
}

async function imageOf(bytes: Uint8Array, edgePx?: number): Promise<RgbaImage> {
  const poster = await posterOf(bytes, edgePx);
  if (poster.kind === "unsupported") throw new Error(poster.reason);
  return poster.image;
}

describe("findPosterFrame", () => {
  it("decodes a frame of H.264", async () => {
    const poster = await posterOf(await filmOf(["high-bars"]));
    expect(poster).toMatchObject({
      kind: "frame",
      description: "decoded a key frame of H.264",
      image: { width: 320, height: 180 },
    });
  });

  it("takes the key frame at a tenth of the film", async () => {
    const names = Array.from({ length: 10 }, (_, i) => (i === 1 ? "high-bars" : "baseline-fractal"));
    expect(await imageOf(await filmOf(names))).toMatchObject({ width: 320, height: 180 });
  });

  it("skips dark frames", async () => {
    const names = Array.from({ length: 10 }, (_, i) => (i === 3 ? "main-bars" : "high-black"));
    expect(await imageOf(await filmOf(names))).toMatchObject({ width: 160, height: 96 });
  });

  it("shows a dark frame if there is no other", async () => {
    expect(await imageOf(await filmOf(["high-black", "high-black"]))).toMatchObject({ width: 64, height: 64 });
  });

  it("skips damaged frames", async () => {
    const good = avcSample(await streamUnits("main-bars"));
    const samples = Array.from({ length: 10 }, (_, i) =>
      i === 2 ? good.sample : good.sample.map((byte, at) => (at > 60 ? 0xff : byte)),
    );
    expect(await imageOf(film({ samples, entry: [good.configuration] }))).toMatchObject({ width: 160, height: 96 });
  });

  it("turns frames as the track says", async () => {
    const upright = await imageOf(await filmOf(["high-bars"]));
    const turned = await imageOf(await filmOf(["high-bars"], { matrix: quarterRotation }));
    expect(turned).toMatchObject({ width: 180, height: 320 });
    // The lower left corner becomes the upper left one.
    const last = 179 * 320 * 4;
    expect([...turned.rgba.subarray(0, 4)]).toEqual([...upright.rgba.subarray(last, last + 4)]);
  });

  it("applies the pixel aspect of the container", async () => {
    const { configuration } = avcSample(await streamUnits("high-bars"));
    const entry = [configuration, box("pasp", u32(1), u32(2))];
    expect(await imageOf(await filmOf(["high-bars"], { entry }))).toMatchObject({ width: 160, height: 180 });
  });

  it("scales to the longest edge", async () => {
    expect(await imageOf(await filmOf(["high-bars"]), 100)).toMatchObject({ width: 100, height: 56 });
  });

  it.each([
    ["0009_with-gps.mp4", 1440, 810],
    ["0002_with-gps.mov", 320, 568],
    ["IMG_7943.MOV", 480, 640],
    ["video_rotate.mp4", 60, 80],
  ])("shows %s", async (name, width, height) => {
    expect(await imageOf(await sampleBytes(name))).toMatchObject({ width, height });
  });

  it("decodes a frame of a fragmented film", async () => {
    const { sample, configuration } = avcSample(await streamUnits("main-bars"));
    const bytes = fragmentedFilm({ fragments: [[sample], [sample]], index: "mfra", entry: [configuration] });
    expect(await imageOf(bytes)).toMatchObject({ width: 160, height: 96 });
  });

  it.each([8, 10])("decodes a frame of HEVC with %i bits", async (bits) => {
    const bytes = await sampleBytes(`test/fixtures/hevc/bars-${bits}-bits.mp4`);
    expect(await posterOf(bytes)).toMatchObject({ description: "decoded a key frame of HEVC" });
    expect(ssim(await imageOf(bytes), await imageOf(await filmOf(["main-bars"])))).toBeGreaterThan(0.98);
  });

  it("says why there is no frame of HEVC", async () => {
    const bytes = await sampleBytes("test/fixtures/hevc/bars-8-bits.mp4");
    const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
    const unset = bytes.slice().fill(0, text.indexOf("hvcC") + 4 + 22, text.indexOf("hvcC") + 60);
    expect(await posterOf(unset)).toEqual({ kind: "unsupported", reason: "the HEVC configuration is damaged" });
    const reason = "HEVC of 8192 × 4320 pixels is too large to decode";
    const small: [number, number] = [64, 64];
    for (const configuration of [hevcConfiguration([8192, 4320]), hevcConfiguration(small, [8192, 4320])]) {
      const entry = [box("hvcC", configuration)];
      const large = film({ samples: [new Uint8Array(100)], codec: "hvc1", entry });
      expect(await posterOf(large)).toEqual({ kind: "unsupported", reason });
    }
  });

  it("shows the first key frame if the others can't be decoded", async () => {
    const good = avcSample(await streamUnits("main-bars"));
    const samples = Array.from({ length: 10 }, (_, i) => (i === 0 ? good.sample : good.sample.subarray(0, 40)));
    expect(await imageOf(film({ samples, entry: [good.configuration] }))).toMatchObject({ width: 160, height: 96 });
  });

  it("throws what a read threw, so that the task is repeated", async () => {
    const bytes = await filmOf(["high-bars"]);
    for (let allowed = 0; allowed < 3; allowed++) {
      let reads = 0;
      const read = async (offset: number, length: number) => {
        if (reads++ === allowed) throw new Error("storage unavailable");
        return await Promise.resolve(bytes.subarray(offset, offset + length));
      };
      const poster = findPosterFrame({ sizeBytes: bytes.length, read }, 100);
      if (allowed < 2) await expect(poster).rejects.toThrow("storage unavailable");
      else expect(await poster).toMatchObject({ kind: "frame" });
    }
  });

  it("says why there is no frame", async () => {
    const reasonOf = async (bytes: Uint8Array) => {
      const poster = await posterOf(bytes);
      return poster.kind === "unsupported" ? poster.reason : "";
    };
    expect(await reasonOf(await filmOf(["high-bars"], { codec: "SVQ3" }))).toBe(
      'no decoder for the video codec "SVQ3"',
    );
    expect(await reasonOf(new Uint8Array(100))).toBe("no key frames were found in the video");
    expect(await reasonOf(await filmOf(["high-bars"], { entry: [box("avcC", [1])] }))).toBe(
      "the H.264 configuration is damaged",
    );
    expect(await reasonOf(await filmOf(["high-bars"], { sync: [9] }))).toBe(
      "the tables of the video lead to no key frame",
    );
    const damaged = avcSample(await streamUnits("high-bars"));
    const samples = [damaged.sample.subarray(0, 200)];
    expect(await reasonOf(film({ samples, entry: [damaged.configuration] }))).toBe(
      "the data of an H.264 slice is damaged",
    );
  });
});
