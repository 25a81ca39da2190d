/** Finds faces with MediaPipe's full-range detector, at several sizes of the picture. */
import { yieldToRequests } from "../../../media/transcode/yieldToRequests.ts";
import type { NetworkOutput } from "../network/network.ts";
import type { FaceKernel } from "./faceKernel.ts";
import type { FacePicture } from "./facePicture.ts";

/** A face in pixels of the picture. */
export interface DetectedFace {
  x: number;
  y: number;
  w: number;
  h: number;
  /** 0 to 1. */
  score: number;
  /** The eyes, left before right in the picture. */
  eyes: readonly [readonly [x: number, y: number], readonly [x: number, y: number]];
}

/**
 * Pixels of the largest input, 768 × 576 for a picture of 4:3: a face of 4 % of the long side has 30 pixels, and the
 * detector finds faces from about 20 on.
 */
export const MAX_DETECTOR_PIXELS = 768 * 576;
/** Each smaller input has a quarter of the pixels; the smallest finds faces that fill the picture. */
const DETECTOR_LEVELS = 4;
/** Least score of a detection. */
export const MIN_DETECTION_SCORE = 0.5;
/** Detections that overlap more are the same face: their intersection by their union. */
const MAX_OVERLAP = 0.3;
/** A detection inside another one is the same face: their intersection by the smaller one. */
const MAX_CONTAINED = 0.7;
/** The network halves its input five times. */
const SIZE_STEP_PX = 32;
/** Values of a detection: box, then x and y of six points, the eyes first. */
const VALUES = 16;
const RANGE = { scale: 1 / 127.5, offset: -1 };

const roundUp = (pixels: number) => SIZE_STEP_PX * Math.max(1, Math.ceil(pixels / SIZE_STEP_PX));

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}

/** The face of a cell of the output, whose values are relative to the cell's centre. */
function faceAt(boxes: NetworkOutput, cell: number, score: number, stride: number, scale: number): DetectedFace {
  const centre = [(cell % boxes.width) + 0.5, Math.floor(cell / boxes.width) + 0.5].map((value) => value * stride);
  const at = (i: number) => boxes.floats[cell * VALUES + i] ?? 0;
  const point = (i: number) => [((centre[0] ?? 0) + at(i)) / scale, ((centre[1] ?? 0) + at(i + 1)) / scale] as const;
  const [x, y] = point(0);
  const [w, h] = [at(2) / scale, at(3) / scale];
  return { x: x - w / 2, y: y - h / 2, w, h, score, eyes: [point(4), point(6)] };
}

function detectAt(face: FaceKernel, picture: FacePicture, scale: number): DetectedFace[] {
  const size = { width: roundUp(picture.width * scale), height: roundUp(picture.height * scale) };
  const plan = face.detector.plan(size);
  if (plan.bytes > face.arenaBytes) throw new RangeError("the detector's input exceeds the memory");
  const step = 1 / scale;
  picture.sample(face.arena + plan.input.offset, size.width, size.height, [step, 0, 0, 0, step, 0], RANGE);
  const [boxes, scores] = face.detector.run(plan, face.arena);
  if (boxes === undefined || scores === undefined) throw new Error("the detector lacks an output");
  const faces: DetectedFace[] = [];
  for (let cell = 0; cell < boxes.width * boxes.height; cell++) {
    const score = sigmoid(scores.floats[cell * scores.channels] ?? -Infinity);
    if (score < MIN_DETECTION_SCORE) continue;
    const found = faceAt(boxes, cell, score, size.width / boxes.width, scale);
    if (found.w > 0 && found.h > 0) faces.push(found);
  }
  return faces;
}

type Box = Pick<DetectedFace, "x" | "y" | "w" | "h">;

function intersection(a: Box, b: Box): number {
  const width = Math.min(a.x + a.w, b.x + b.w) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.h, b.y + b.h) - Math.max(a.y, b.y);
  return Math.max(0, width) * Math.max(0, height);
}

/** Whether two boxes are the same face. */
export function isSameFace(a: Box, b: Box): boolean {
  const common = intersection(a, b);
  const [first, second] = [a.w * a.h, b.w * b.h];
  return common > MAX_OVERLAP * (first + second - common) || common > MAX_CONTAINED * Math.min(first, second);
}

/** Keeps the detection with the highest score of each face. */
function suppressOverlaps(faces: DetectedFace[]): DetectedFace[] {
  const kept: DetectedFace[] = [];
  for (const face of faces.toSorted((a, b) => b.score - a.score))
    if (!kept.some((other) => isSameFace(other, face))) kept.push(face);
  return kept;
}

/** Finds the faces of a picture, the best first. Pictures are not enlarged. */
export async function detectFaces(face: FaceKernel, picture: FacePicture): Promise<DetectedFace[]> {
  const largest = Math.min(1, Math.sqrt(MAX_DETECTOR_PIXELS / (picture.width * picture.height)));
  const found: DetectedFace[] = [];
  for (let level = 0; level < DETECTOR_LEVELS; level++) {
    const scale = largest / 2 ** level;
    found.push(...detectAt(face, picture, scale));
    // The values that a run computes take about 32 bytes for each pixel of the input.
    await yieldToRequests(picture.width * picture.height * scale ** 2 * 32);
  }
  return suppressOverlaps(found);
}
