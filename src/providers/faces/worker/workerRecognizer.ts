/** Recognizes faces in the Worker itself, with three small networks of public/models/. */
import type { RgbaImage } from "../../../media/transcode/rgbaImage.ts";
import { yieldToRequests } from "../../../media/transcode/yieldToRequests.ts";
import type { FaceRecognizer, RecognizedFace } from "../faceRecognizer.ts";
import { detectFaces, type DetectedFace } from "./faceDetector.ts";
import { embedFace, EMBEDDING_DIMENSIONS } from "./faceEmbedder.ts";
import { MAX_FACE_IMAGE_EDGE_PX, MAX_FACE_MEMORY_BYTES, type FaceKernel } from "./faceKernel.ts";
import { findLandmarks, type Landmarks } from "./faceLandmarks.ts";
import { loadFacePicture, type FacePicture } from "./facePicture.ts";
import type { WithFaceKernel } from "./loadFaceKernel.ts";

/** Changes with the networks and with everything that changes an embedding. */
export const WORKER_FACE_MODEL = "blazeface-mobilefacenet@1";
/** Most faces of a picture, the largest first: each takes 20 ms of CPU. */
export const MAX_FACES_PER_PICTURE = 100;
/** Least probability, from the landmarks, that a detection is a face. */
export const MIN_FACE_PRESENCE = 0.5;
/** Least distance between the centres of the eyes for an embedding. */
export const MIN_EMBEDDED_EYE_DISTANCE_PX = 8;

/** All of the recognizer: the kernel, 5 MB of 16-bit weights and the decoded picture. */
export const RECOGNIZER_MEMORY_BYTES = MAX_FACE_MEMORY_BYTES + 5 * 1024 * 1024 + MAX_FACE_IMAGE_EDGE_PX ** 2 * 4;

/** Counted for each face, so that other requests run after every second one. */
const FACE_BYTES = 1024 * 1024;

function clampedBox(box: DetectedFace, { width, height }: FacePicture): RecognizedFace["box"] {
  const left = Math.max(0, box.x);
  const top = Math.max(0, box.y);
  const right = Math.min(width, box.x + box.w);
  const bottom = Math.min(height, box.y + box.h);
  return { x: left / width, y: top / height, w: (right - left) / width, h: (bottom - top) / height };
}

function toFraction({ points }: Landmarks, { width, height }: FacePicture): RecognizedFace["landmarks"] {
  const [left, right, nose, mouthLeft, mouthRight] = points;
  const fraction = ([x, y]: readonly [number, number]) => [x / width, y / height] as const;
  return [fraction(left), fraction(right), fraction(nose), fraction(mouthLeft), fraction(mouthRight)];
}

function recognizeFace(kernel: FaceKernel, picture: FacePicture, detected: DetectedFace): RecognizedFace | null {
  const landmarks = findLandmarks(kernel, picture, detected);
  if (landmarks.presence < MIN_FACE_PRESENCE) return null;
  const [left, right] = landmarks.points;
  const isLarge = Math.hypot(right[0] - left[0], right[1] - left[1]) >= MIN_EMBEDDED_EYE_DISTANCE_PX;
  return {
    box: clampedBox(detected, picture),
    landmarks: toFraction(landmarks, picture),
    confidence: detected.score * landmarks.presence,
    embedding: isLarge ? embedFace(kernel, picture, landmarks) : null,
  };
}

/** Recognizes all faces of a picture that is in the kernel's memory. */
export async function recognizeFaces(kernel: FaceKernel, image: RgbaImage): Promise<RecognizedFace[]> {
  const picture = loadFacePicture(kernel, image);
  const detected = await detectFaces(kernel, picture);
  const faces: RecognizedFace[] = [];
  for (const face of detected.toSorted((a, b) => b.w * b.h - a.w * a.h).slice(0, MAX_FACES_PER_PICTURE)) {
    const recognized = recognizeFace(kernel, picture, face);
    if (recognized !== null) faces.push(recognized);
    await yieldToRequests(FACE_BYTES);
  }
  return faces;
}

/**
 * Creates the recognizer on the isolate's kernel. `recognize` throws a RangeError for a picture of more than 1,440
 * pixels a side, and what `pixels` throws; a model that can't be loaded is a transient failure.
 */
export function workerRecognizer(withKernel: WithFaceKernel): FaceRecognizer {
  return {
    model: WORKER_FACE_MODEL,
    dimensions: EMBEDDING_DIMENSIONS,
    memoryBytes: RECOGNIZER_MEMORY_BYTES,
    recognize: async (image) => {
      const pixels = await image.pixels();
      return await withKernel((kernel) => recognizeFaces(kernel, pixels));
    },
  };
}
