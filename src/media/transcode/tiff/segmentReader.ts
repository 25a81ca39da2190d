/** Decompresses one strip or tile from its start, as many bytes at a time as its caller asks for. */
import type { ByteRange, ByteSource } from "../../inspect/bytes/byteSource.ts";
import { INFLATE_INPUT_BYTES, inflateShort, inflateStream } from "../inflateStream.ts";
import { TruncatedFileError } from "../jpeg/encodedJpeg.ts";
import { SEGMENT_WINDOW_BYTES, segmentInput, type SegmentInput } from "./segmentInput.ts";
import { ccittCodec } from "./ccittCodec.ts";
import type { CcittOptions } from "./ccittRows.ts";
import { lzwCodec, packBitsCodec, storedCodec, type TiffCodec } from "./tiffCodecs.ts";

/** Supported values of tag 259 (Compression). */
export const tiffCompressions = new Map([
  [1, "none"],
  [2, "mh"],
  [3, "g3"],
  [4, "g4"],
  [5, "lzw"],
  [8, "deflate"],
  [32_946, "deflate"],
  [32_773, "packbits"],
] as const);
export type TiffCompression = "none" | "lzw" | "deflate" | "packbits" | CcittOptions["coding"];

/** Strips of a few rows are the rule: 65,535 of them took 2.9 s in workerd, and 15.9 s with a stream for each. */
const SHORT_SEGMENT_BYTES = 256 * 1024;

const TRUNCATED = "the TIFF is truncated";
const DAMAGED_DEFLATE = "the TIFF's Deflate data is damaged or truncated";

export interface SegmentReader {
  /** Fills `output`. Throws `TruncatedFileError` if the data ends earlier. */
  fill(output: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

function codecReader(input: SegmentInput, codec: TiffCodec): SegmentReader {
  return {
    fill: async (output) => {
      let at = codec.decode(input, output, 0);
      while (at < output.length) {
        if (!(await input.refill())) throw new TruncatedFileError(TRUNCATED);
        at = codec.decode(input, output, at);
      }
    },
    close: () => Promise.resolve(),
  };
}

async function* inputPieces(input: SegmentInput): AsyncGenerator<Uint8Array, void, undefined> {
  while (input.position < input.bytes.length || (await input.refill())) {
    const piece = input.bytes.subarray(input.position, input.position + INFLATE_INPUT_BYTES);
    input.position += piece.length;
    yield piece;
  }
}

async function* inflatedPieces(
  input: SegmentInput,
  length: number,
  expectedBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (length <= SEGMENT_WINDOW_BYTES && expectedBytes <= SHORT_SEGMENT_BYTES && (await input.refill())) {
    const whole = inflateShort(input.bytes, expectedBytes);
    if (whole !== null) {
      yield whole;
      return;
    }
  }
  yield* inflateStream(inputPieces(input), expectedBytes, DAMAGED_DEFLATE);
}

function inflateReader(input: SegmentInput, length: number, expectedBytes: number): SegmentReader {
  const pieces = inflatedPieces(input, length, expectedBytes);
  let rest: Uint8Array = new Uint8Array();
  return {
    fill: async (output) => {
      for (let at = 0; at < output.length;) {
        if (rest.length === 0) {
          const next = await pieces.next();
          if (next.done === true) throw new TruncatedFileError(TRUNCATED);
          rest = next.value;
        }
        const taken = rest.subarray(0, output.length - at);
        output.set(taken, at);
        at += taken.length;
        rest = rest.subarray(taken.length);
      }
    },
    close: async () => void (await pieces.return()),
  };
}

/** Opens `length` compressed bytes at `offset`, which decompress to about `expectedBytes`. `fax` is for the fax codings. */
export function segmentReader(
  source: ByteSource,
  { offset, length }: ByteRange,
  compression: TiffCompression,
  { expectedBytes, fax }: { expectedBytes: number; fax: Omit<CcittOptions, "coding"> },
): SegmentReader {
  const input = segmentInput(source, offset, length);
  if (compression === "deflate") return inflateReader(input, length, expectedBytes);
  if (compression === "mh" || compression === "g3" || compression === "g4")
    return codecReader(input, ccittCodec({ ...fax, coding: compression }));
  const codecs = { none: storedCodec, packbits: packBitsCodec, lzw: lzwCodec };
  return codecReader(input, codecs[compression]());
}
