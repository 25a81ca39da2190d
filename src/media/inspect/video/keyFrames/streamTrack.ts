import type { KeyFrameTrack } from "./keyFrameTrack.ts";
import { SEARCHED_PLACES } from "./searchedPlaces.ts";

/** A track of a stream without an index, which describes its pictures itself. */
export function streamTrack(
  codec: string,
  readKeyFrame: KeyFrameTrack["readKeyFrame"] = () => Promise.resolve(null),
): KeyFrameTrack {
  return {
    codec,
    configuration: new Uint8Array(),
    orientation: 1,
    pixelAspect: null,
    colour: null,
    keyFrames: SEARCHED_PLACES,
    readKeyFrame,
  };
}
