/** Codecs that decoders may exist for. Containers name others by their own four characters or ids. */
export type VideoCodec =
  | "h264"
  | "hevc"
  | "av1"
  | "vp8"
  | "vp9"
  | "mjpeg"
  | "prores"
  | "mpeg1"
  | "mpeg2"
  | "mpeg4"
  | "h263";

/** Codes of ITU-T H.273. */
export interface TrackColour {
  primaries: number;
  transfer: number;
  matrix: number;
  /** Null if only the stream tells. */
  isFullRange: boolean | null;
}

/** A frame in the coding of its codec; "too-large" if it exceeds the limit, null if it can't be found. */
export type KeyFrameSample = Uint8Array | "too-large" | null;

/** The video track of a film, as far as decoding a key frame needs it. */
export interface KeyFrameTrack {
  /** A `VideoCodec`, or the container's name of another codec. */
  codec: string;
  /**
   * Content of avcC (h264), hvcC (hevc) or av1C (av1), or bytes with the headers of mpeg4. Empty for other codecs and if the track has none: its samples
   * then have start codes (ITU-T H.264 and H.265 Annex B) and contain the parameter sets.
   */
  configuration: Uint8Array;
  /** EXIF orientation of the frames, 1 to 8. */
  orientation: number;
  /** Width and height of a pixel; null if the container doesn't tell. */
  pixelAspect: { width: number; height: number } | null;
  /** Null if the container doesn't tell. */
  colour: TrackColour | null;
  /** Number of key frames; of a container without an index, the number of places where one is looked for. */
  keyFrames: number;
  /** Reads a key frame, from 0 on, of at most `maxBytes`. */
  readKeyFrame(index: number, maxBytes: number): Promise<KeyFrameSample>;
}
