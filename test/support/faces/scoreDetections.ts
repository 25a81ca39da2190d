/** Compares found faces with the labels of test/fixtures/faces/boxes.json. Boxes are in pixels of the picture. */
export interface PixelBox {
  x: number;
  y: number;
  w: number;
  h: number;
}

export interface LabelledPicture {
  width: number;
  height: number;
  faces: { box: PixelBox; ignore: boolean }[];
}

export interface DetectionScores {
  recall: number;
  precision: number;
  /** Labelled faces of at least `MIN_FACE_SHARE`, without the ignored ones. */
  labelled: number;
  found: number;
  missed: number;
  falsePositives: number;
}

const MIN_IOU = 0.4;
/** Smaller faces, by the longer side of box and picture, are neither required nor wrong. */
export const MIN_FACE_SHARE = 0.05;

/** Area of the intersection by the area of the union. */
export function overlap(one: PixelBox, other: PixelBox): number {
  const width = Math.min(one.x + one.w, other.x + other.w) - Math.max(one.x, other.x);
  const height = Math.min(one.y + one.h, other.y + other.h) - Math.max(one.y, other.y);
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  return shared / (one.w * one.h + other.w * other.h - shared);
}

function isRequired(picture: LabelledPicture, face: LabelledPicture["faces"][number]): boolean {
  const share = Math.max(face.box.w, face.box.h) / Math.max(picture.width, picture.height);
  return !face.ignore && share >= MIN_FACE_SHARE;
}

export interface PictureScores {
  found: number;
  missed: PixelBox[];
  falsePositives: PixelBox[];
}

/** Pairs boxes and labels from the largest overlap down; each label and each box pairs once. */
export function scorePicture(picture: LabelledPicture, boxes: readonly PixelBox[]): PictureScores {
  const pairs = picture.faces
    .flatMap((face) => boxes.map((box) => ({ face, box, iou: overlap(face.box, box) })))
    .filter(({ iou }) => iou >= MIN_IOU)
    .sort((one, other) => other.iou - one.iou);
  const faces = new Set<object>();
  const matched = new Set<PixelBox>();
  for (const { face, box } of pairs) {
    if (faces.has(face) || matched.has(box)) continue;
    faces.add(face);
    matched.add(box);
  }
  const required = picture.faces.filter((face) => isRequired(picture, face));
  const missed = required.filter((face) => !faces.has(face)).map(({ box }) => box);
  return { found: required.length - missed.length, missed, falsePositives: boxes.filter((box) => !matched.has(box)) };
}

export function sumScores(pictures: readonly PictureScores[]): DetectionScores {
  let found = 0;
  let missed = 0;
  let falsePositives = 0;
  for (const picture of pictures) {
    found += picture.found;
    missed += picture.missed.length;
    falsePositives += picture.falsePositives.length;
  }
  const labelled = found + missed;
  const reported = found + falsePositives;
  return {
    recall: labelled === 0 ? 1 : found / labelled,
    precision: reported === 0 ? 1 : found / reported,
    labelled,
    found,
    missed,
    falsePositives,
  };
}
