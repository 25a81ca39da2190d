/**
 * Scores a face recognizer on the labelled pictures of test/fixtures/faces. Models under comparison are called through
 * plain functions, so that they need no part of the Worker.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import type { RgbaImage } from "../../src/media/transcode/rgbaImage.ts";
import type { RecognizedFace } from "../../src/providers/faces/faceRecognizer.ts";
import { labelledPictures, type PictureFile } from "../../test/fixtures/faces/labels.ts";
import { peoplePictures, type PersonPictures } from "../../test/fixtures/faces/people.ts";
import {
  type DetectionScores,
  type PictureScores,
  type PixelBox,
  scorePicture,
  sumScores,
} from "../../test/support/faces/scoreDetections.ts";
import {
  bestThreshold,
  type IdentifiedFace,
  type ThresholdScores,
  verifyPairs,
} from "../../test/support/faces/verifyPairs.ts";

const FACES_FOLDER = join(import.meta.dirname, "../../test/fixtures/faces");
/** The longest edge of the preview rendition, which the recognizer reads. */
const PREVIEW_EDGE_PX = 1440;
const THRESHOLDS = Array.from({ length: 81 }, (_, step) => 0.1 + step / 100);

/** Finds the faces of an upright picture; boxes and landmarks are fractions. */
export type FindFaces = (picture: RgbaImage) => Promise<Pick<RecognizedFace, "box" | "confidence">[]>;

export interface EvaluatedPicture extends PictureScores {
  file: string;
}

/** Finds the faces of an upright picture, with embeddings of unit length. */
export type RecognizeFaces = (picture: RgbaImage) => Promise<Pick<RecognizedFace, "box" | "embedding">[]>;

/** Decodes a picture as the preview rendition shows it: upright, at most 1,440 pixels a side. */
export async function readPicture(file: string, folder = FACES_FOLDER): Promise<RgbaImage> {
  const upright = sharp(await readFile(join(folder, file))).rotate();
  const sized = upright.resize(PREVIEW_EDGE_PX, PREVIEW_EDGE_PX, { fit: "inside", withoutEnlargement: true });
  const { data, info } = await sized.ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, rgba: new Uint8Array(data) };
}

/** Turns fractions into pixels of the labelled file. */
export function toPixelBox({ x, y, w, h }: PixelBox, { width, height }: PictureFile): PixelBox {
  return { x: x * width, y: y * height, w: w * width, h: h * height };
}

/** Recall and precision at IoU 0.4 over all labelled pictures, with the misses of each. */
export async function evaluateDetection(
  findFaces: FindFaces,
): Promise<{ total: DetectionScores; pictures: EvaluatedPicture[] }> {
  const pictures: EvaluatedPicture[] = [];
  for (const picture of labelledPictures) {
    const faces = await findFaces(await readPicture(picture.file));
    const boxes = faces.map(({ box }) => toPixelBox(box, picture));
    pictures.push({ file: picture.file, ...scorePicture(picture, boxes) });
  }
  return { total: sumScores(pictures), pictures };
}

function largestFace<Face extends { box: PixelBox }>(faces: readonly Face[]): Face | undefined {
  return faces.reduce<Face | undefined>(
    (largest, face) => (largest !== undefined && largest.box.h >= face.box.h ? largest : face),
    undefined,
  );
}

/** The largest face of each picture with its person, of a set in another folder too. */
export async function identifyFaces(
  recognize: RecognizeFaces,
  { people = peoplePictures, folder = FACES_FOLDER }: { people?: readonly PersonPictures[]; folder?: string } = {},
): Promise<(IdentifiedFace & { file: string })[]> {
  const identified: (IdentifiedFace & { file: string })[] = [];
  for (const { person, files } of people) {
    for (const file of files) {
      const faces = await recognize(await readPicture(file, folder));
      identified.push({ file, identity: person, embedding: largestFace(faces)?.embedding ?? null });
    }
  }
  return identified;
}

/** Pairwise scores at thresholds of cosine similarity from 0.1 to 0.9, and the best one. */
export function evaluateIdentities(faces: readonly IdentifiedFace[]): {
  best: ThresholdScores;
  thresholds: ThresholdScores[];
} {
  const thresholds = verifyPairs(faces, THRESHOLDS);
  return { best: bestThreshold(thresholds), thresholds };
}
