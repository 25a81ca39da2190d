import { describe, expect, it } from "vitest";
import { decodeAv1Frame, openAv1Decoder } from "../../../../src/media/transcode/av1/decodeAv1Frame.ts";
import { decoderMemory, DecoderMemoryError } from "../../../../src/media/transcode/decoderMemory.ts";
import { av1Stream, av1Streams, planesDigest } from "../../../support/media/av1Streams.ts";
import { seededRandom } from "../../../support/media/mutations.ts";

const NO_CONFIGURATION = new Uint8Array();
/** OBU header with a size field, and its type: a temporal delimiter, then the sequence header. */
const DELIMITER_BYTES = 2;

describe("decodeAv1Frame", () => {
  it.each([...av1Streams])("decodes %s to the samples of ffmpeg", async (name, { size, sha256 }) => {
    const frame = await decodeAv1Frame(NO_CONFIGURATION, await av1Stream(name), decoderMemory());
    expect(`${frame.width}x${frame.height}`).toBe(size);
    expect(await planesDigest(frame)).toBe(sha256);
  });

  it("tells the colour of the stream", async () => {
    const decode = async (name: string) =>
      await decodeAv1Frame(NO_CONFIGURATION, await av1Stream(name), decoderMemory());
    expect(await decode("4-2-0-10-bits")).toMatchObject({
      bits: 10,
      primaries: 9,
      transfer: 16,
      matrix: 9,
      isFullRange: false,
    });
    expect(await decode("4-2-2")).toMatchObject({ isFullRange: true, chroma: { xShift: 1, yShift: 0 } });
    expect(await decode("grey")).toMatchObject({ chroma: null });
  });

  it("takes the sequence header from the configuration if the sample has none", async () => {
    const stream = (await av1Stream("4-2-0")).subarray(DELIMITER_BYTES);
    const headerBytes = 2 + (stream[1] ?? 0);
    const configuration = Uint8Array.of(0x81, 0, 0, 0, ...stream.subarray(0, headerBytes));
    const sample = stream.subarray(headerBytes);
    const frame = await decodeAv1Frame(configuration, sample, decoderMemory());
    expect(await planesDigest(frame)).toBe(av1Streams.get("4-2-0")?.sha256);
    await expect(decodeAv1Frame(NO_CONFIGURATION, sample, decoderMemory())).rejects.toThrow("AV1");
  });

  it("decodes one frame after another in the same memory", async () => {
    const decoder = await openAv1Decoder(decoderMemory());
    const stream = await av1Stream("tiles");
    decoder.decode([stream]);
    const heapBytes = decoder.heapBytes();
    for (let i = 0; i < 20; i++) decoder.decode([stream]);
    expect(decoder.heapBytes()).toBe(heapBytes);
    expect(await planesDigest(decoder.decode([stream]))).toBe(av1Streams.get("tiles")?.sha256);
  });

  it("ends with an error if the memory is too small", async () => {
    const stream = await av1Stream("tiles");
    await expect(decodeAv1Frame(NO_CONFIGURATION, stream, decoderMemory(2.2 * 2 ** 20))).rejects.toThrow(
      DecoderMemoryError,
    );
    await expect(decodeAv1Frame(NO_CONFIGURATION, stream, decoderMemory(2 ** 20))).rejects.toThrow(DecoderMemoryError);
  });

  it("ends with an error for truncated and random data", async () => {
    const stream = await av1Stream("4-2-0");
    for (const length of [0, 1, 10, 40, stream.length >> 1]) {
      await expect(decodeAv1Frame(NO_CONFIGURATION, stream.subarray(0, length), decoderMemory())).rejects.toThrow(
        "AV1",
      );
    }
    const random = seededRandom(1);
    const noise = Uint8Array.from({ length: 4096 }, () => random(256));
    await expect(decodeAv1Frame(NO_CONFIGURATION, noise, decoderMemory())).rejects.toThrow("AV1");
  });
});
