/**
 * Decodes intra pictures of MPEG-1, MPEG-2, MPEG-4 part 2 and H.263. The caller reads the headers and lays out the
 * memory; see src/media/transcode/mpeg/.
 */
import { buildCodes } from "./events";
import { codingAt, decodeSlice, matricesAt } from "./mpeg2";
import { decodeMacroblocks, startVop } from "./mpeg4";
import { predictionBytes } from "./mpeg4Prediction";
import { vopAt } from "./mpeg4State";
import { decodedMacroblocks, planeAt, planeBytes, repeatField, startPicture } from "./picture";
import { buildBasis } from "./transform";

export { codingAt, decodedMacroblocks, decodeSlice, matricesAt, planeAt, planeBytes, repeatField, startPicture };
export { decodeMacroblocks, predictionBytes, startVop, vopAt };

buildCodes();
buildBasis();

/** First free address, aligned to 16 bytes. */
export function heapStart(): i32 {
  return <i32>((__heap_base + 15) & ~15);
}
