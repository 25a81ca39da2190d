/** Wraps key frames of HEVC films as HEIC, with the colour that the container states or without one. */
import { viewOf } from "../../../src/media/inspect/bytes/bytes.ts";
import { heicFile } from "../../../src/media/transcode/video/hevc/heicFile.ts";

export interface StatedColour {
  primaries: number;
  transfer: number;
  matrix: number;
  isFullRange: boolean;
}

function indexOfBox(file: Uint8Array, type: string): number {
  return file.findIndex((_, i) => String.fromCharCode(...file.subarray(i, i + 4)) === type);
}

/** Content of the first box of a type. */
function boxContent(file: Uint8Array, type: string): Uint8Array {
  const at = indexOfBox(file, type);
  return file.subarray(at + 4, at - 4 + viewOf(file).getUint32(at - 4));
}

/** A HEIC of the first frame of an MP4. A null colour leaves it to the stream. */
export function heicOfFilm(
  film: Uint8Array,
  size: { width: number; height: number },
  colour: StatedColour | null,
): Uint8Array {
  const file = heicFile({ ...size, configuration: boxContent(film, "hvcC"), sample: boxContent(film, "mdat") });
  const at = indexOfBox(file, "colr");
  if (colour === null) {
    file.set(new TextEncoder().encode("free"), at);
    return file;
  }
  const { primaries, transfer, matrix, isFullRange } = colour;
  file.set([0, primaries, 0, transfer, 0, matrix, isFullRange ? 0x80 : 0], at + 8);
  return file;
}
