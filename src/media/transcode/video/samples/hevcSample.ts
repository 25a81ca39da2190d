/** Decodes key frames of HEVC tracks with the decoder of HEIC photos. */
import type { KeyFrameTrack } from "../../../inspect/video/keyFrames/keyFrameTrack.ts";
import { toneMap } from "../../colour/toneMap.ts";
import { decoderMemory, DecoderMemoryError } from "../../decoderMemory.ts";
import { annexBUnits, lengthPrefixedUnits } from "../../h264/nalUnits.ts";
import { openHeif } from "../../heif/libheif.ts";
import type { Planes } from "../../heif/planes.ts";
import type { RgbaImage } from "../../rgbaImage.ts";
import { heicFile } from "../hevc/heicFile.ts";
import { type HevcUnits, separateUnits } from "../hevc/hevcUnits.ts";
import { readConfiguredSequence, readConfiguredSequences, type HevcSequence } from "../hevc/hevcSequence.ts";
import { openPlanesImage, UNSPECIFIED_MATRIX } from "../planesImage.ts";
import type { SampleDecoder } from "./sampleDecoder.ts";

/** WebAssembly memory of the decoder: 28 MB for 1080p with 10 bits, 61 to 68 MB for 4K with 10. */
export const MAX_HEVC_MEMORY_BYTES = 80 * 1024 * 1024;

/** It is in memory twice, in JavaScript and in WebAssembly. */
export const MAX_HEVC_SAMPLE_BYTES = 8 * 1024 * 1024;

/** Larger pictures than 4K exceed the memory. */
export const MAX_HEVC_PIXELS = 4096 * 2304;

/** Field of hvcC; ISO/IEC 14496-15 §8.3.2.1. */
const LENGTH_AT = 21;

/** Samples with start codes, and those of tracks with an empty configuration, contain their parameter sets. */
function unitsOf(sample: Uint8Array, configuration: Uint8Array): HevcUnits | null {
  if (configuration.length === 0) return separateUnits(annexBUnits(sample));
  if (readConfiguredSequence(configuration) !== null) return { sample, configuration };
  return separateUnits(lengthPrefixedUnits(sample, ((configuration[LENGTH_AT] ?? 0) & 3) + 1));
}

function isTooLarge({ width, height }: HevcSequence): boolean {
  return width < 1 || height < 1 || width * height > MAX_HEVC_PIXELS;
}

/** Takes from the container what the stream doesn't tell; its pixel aspect precedes that of the stream. */
function describedBy(sequence: HevcSequence, { colour, pixelAspect }: KeyFrameTrack): HevcSequence {
  const aspect = { pixelAspect: pixelAspect ?? sequence.pixelAspect };
  if (colour === null || sequence.matrix !== UNSPECIFIED_MATRIX) return { ...sequence, ...aspect };
  return { ...sequence, ...aspect, ...colour, isFullRange: colour.isFullRange ?? sequence.isFullRange };
}

function decodeImage(file: Uint8Array, sequence: HevcSequence, edgePx: number): RgbaImage {
  let image: RgbaImage | null = null;
  openHeif(file, decoderMemory(MAX_HEVC_MEMORY_BYTES)).withTile(0, 0, (decoded) => {
    const planes: Planes = { ...decoded, matrix: sequence.matrix, isFullRange: sequence.isFullRange };
    const rows = openPlanesImage(planes, sequence.pixelAspect, edgePx);
    for (let y = 0; y < planes.height; y++) rows.addRow();
    image = rows.finish();
  });
  if (image === null) throw new Error("libheif returned no image");
  toneMap(image, sequence);
  return image;
}

/** libheif reports a refused allocation with its own message; other messages are about damaged data. */
function reasonOf(error: unknown, { width, height }: HevcSequence): string {
  const message = error instanceof Error ? error.message : String(error);
  const isMemory = error instanceof DecoderMemoryError || /allocat|memory limit/i.test(message);
  return isMemory ? `HEVC of ${width} × ${height} pixels needs too much memory to decode` : message;
}

export const hevcSample: SampleDecoder = {
  name: "HEVC",
  maxSampleBytes: MAX_HEVC_SAMPLE_BYTES,
  decode: async (bytes, track, edgePx) => {
    const units = unitsOf(bytes, track.configuration);
    const [sequence, ...others] = units === null ? [] : readConfiguredSequences(units.configuration);
    if (units === null || sequence === undefined)
      return { kind: "unsupported", reason: "the HEVC configuration is damaged" };
    // A picture may name any of the sets.
    const large = [sequence, ...others].find(isTooLarge);
    if (large !== undefined)
      return { kind: "unsupported", reason: `HEVC of ${large.width} × ${large.height} pixels is too large to decode` };
    const { width, height } = sequence;
    try {
      const file = heicFile({ width, height, ...units });
      return await Promise.resolve({ kind: "image", image: decodeImage(file, describedBy(sequence, track), edgePx) });
    } catch (error) {
      return { kind: "unsupported", reason: reasonOf(error, sequence) };
    }
  },
};
