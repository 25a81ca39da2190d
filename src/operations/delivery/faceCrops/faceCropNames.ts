/** Names of the crops of faces in media URLs and in storage: the face and its box, which a crop shows for good. */
import { isId } from "../../../kernel/ids.ts";
import type { FaceBox } from "../../../records/faces/faceJson.ts";

export type { Face, FaceBox, FaceCrop } from "../../../records/faces/faceJson.ts";
export type { Person } from "../../../records/people/personJson.ts";

/** Longest edge of a crop in pixels, that of a thumbnail. Smaller crops keep their size. */
export const FACE_CROP_EDGE_PX = 360;
/** The side of the square, relative to the longer side of the face. */
export const FACE_CROP_PADDING = 1.6;

/** Side of the square around a face in pixels of its picture, which may be smaller. */
export function cropSide({ w, h }: FaceBox): number {
  return Math.ceil(Math.max(w, h) * FACE_CROP_PADDING);
}

/** Width of a crop in pixels: less if the picture is smaller than the square. */
export function cropWidth(box: FaceBox): number {
  return Math.min(cropSide(box), FACE_CROP_EDGE_PX);
}

/** The variant in the URL of a crop, and the name of its derived file. Triggers build the same name. */
export function cropVariantName(faceId: string, { x, y, w, h }: FaceBox): string {
  return [faceId, x, y, w, h].join("-");
}

const NUMBERS = /^-(\d{1,7})-(\d{1,7})-(\d{1,7})-(\d{1,7})$/;
const FACE_ID_LENGTH = 27;

/** Parses the variant of a crop; null for other names. */
export function parseCropVariant(name: string): { faceId: string; box: FaceBox } | null {
  const faceId = name.slice(0, FACE_ID_LENGTH);
  const match = NUMBERS.exec(name.slice(FACE_ID_LENGTH));
  if (match === null || !isId("face", faceId)) return null;
  const [x = 0, y = 0, w = 0, h = 0] = match.slice(1).map(Number);
  const box = { x, y, w, h };
  return cropVariantName(faceId, box) === name ? { faceId, box } : null;
}
