/** Matches the boxes that a recognizer found with the faces that an asset has, without I/O. */
import type { RecognizedFace } from "../../../providers/faces/faceRecognizer.ts";
import type { KnownFace } from "../../../records/faces/detection.ts";

/** In pixels of the picture, whole numbers inside of it. */
export interface PixelBox {
  x: number;
  y: number;
  w: number;
  h: number;
}

export interface FoundFace {
  box: PixelBox;
  confidence: number;
  embedding: Float32Array | null;
}

/** Overlap from which a box shows the face of an earlier one: below it, boxes of neighbours can match. */
export const MIN_SAME_FACE_IOU = 0.4;

/** Area of the intersection divided by the area of the union. */
export function intersectionOverUnion(a: PixelBox, b: PixelBox): number {
  const w = Math.min(a.x + a.w, b.x + b.w) - Math.max(a.x, b.x);
  const h = Math.min(a.y + a.h, b.y + b.h) - Math.max(a.y, b.y);
  if (w <= 0 || h <= 0) return 0;
  return (w * h) / (a.w * a.h + b.w * b.h - w * h);
}

/** Converts fractions to pixels. Null for a box without a pixel, or with a number that is none. */
export function toPixelBox({ box }: Pick<RecognizedFace, "box">, width: number, height: number): PixelBox | null {
  if (![box.x, box.y, box.w, box.h].every(Number.isFinite)) return null;
  const clip = (value: number, max: number): number => Math.min(max, Math.max(0, Math.round(value * max)));
  const [left, top] = [clip(box.x, width), clip(box.y, height)];
  const [right, bottom] = [clip(box.x + box.w, width), clip(box.y + box.h, height)];
  return right <= left || bottom <= top ? null : { x: left, y: top, w: right - left, h: bottom - top };
}

export interface FaceMatches {
  /** Faces that were found again. */
  matched: { known: KnownFace; found: FoundFace }[];
  /** Boxes that show no known face. */
  added: FoundFace[];
  /** Automatic faces that were not found again and that no user touched. */
  lost: KnownFace[];
}

/** Pairs boxes by their overlap, the largest first; equal overlaps in the order of the faces' ids. */
export function matchFaces(known: readonly KnownFace[], found: readonly FoundFace[]): FaceMatches {
  const pairs = known
    .flatMap((face) => found.map((box) => ({ known: face, found: box, iou: intersectionOverUnion(face, box.box) })))
    .filter(({ iou }) => iou >= MIN_SAME_FACE_IOU)
    .toSorted((a, b) => b.iou - a.iou);
  const knownLeft = new Set(known);
  const foundLeft = new Set(found);
  const matched = pairs.flatMap((pair) => {
    if (!knownLeft.has(pair.known) || !foundLeft.has(pair.found)) return [];
    knownLeft.delete(pair.known);
    foundLeft.delete(pair.found);
    return [{ known: pair.known, found: pair.found }];
  });
  const lost = [...knownLeft].filter(({ source, isTouched }) => source === "automatic" && !isTouched);
  return { matched, added: [...foundLeft], lost };
}
