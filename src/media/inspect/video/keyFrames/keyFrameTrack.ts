import type { ByteRange } from "../../bytes/byteSource.ts";

/** Codes of ITU-T H.273. */
export interface TrackColour {
  primaries: number;
  transfer: number;
  matrix: number;
  /** Null if only the stream tells. */
  isFullRange: boolean | null;
}

/** The video track of a film, as far as decoding a key frame needs it. */
export interface KeyFrameTrack {
  /** Type of the sample entry, such as avc1. */
  codec: string;
  /** Content of the codec's configuration box, such as avcC; empty if the track has none. */
  configuration: Uint8Array;
  /** EXIF orientation of the frames, 1 to 8. */
  orientation: number;
  /** Width and height of a pixel; null if the container doesn't tell. */
  pixelAspect: { width: number; height: number } | null;
  /** Null if the container doesn't tell. */
  colour: TrackColour | null;
  /** Number of key frames. */
  keyFrames: number;
  /** Returns the place of a key frame in the file, from 0 on; null if the tables are damaged. */
  locate(index: number): Promise<ByteRange | null>;
}
