import type { TrackColour } from "../../inspect/video/keyFrames/keyFrameTrack.ts";

/** Code of ITU-T H.273 for an unspecified property. */
const UNSPECIFIED = 2;

/** The codes of a stream; those that it doesn't specify come from the container. */
export function mergeColour(stream: TrackColour, container: TrackColour | null): TrackColour {
  if (container === null) return stream;
  const codeOf = (key: "primaries" | "transfer" | "matrix") =>
    stream[key] === UNSPECIFIED ? container[key] : stream[key];
  return {
    primaries: codeOf("primaries"),
    transfer: codeOf("transfer"),
    matrix: codeOf("matrix"),
    isFullRange: stream.isFullRange ?? container.isFullRange,
  };
}
