/** Finds eyes, nose and mouth of a detected face with MediaPipe's face mesh, which also tells whether it is a face. */
import type { DetectedFace } from "./faceDetector.ts";
import type { FaceKernel } from "./faceKernel.ts";
import type { FacePicture, Transform } from "./facePicture.ts";

export type Point = readonly [x: number, y: number];

export interface Landmarks {
  /** In pixels of the picture, left before right: eyes, tip of the nose, corners of the mouth. */
  points: readonly [Point, Point, Point, Point, Point];
  /** Probability that the picture has a face here. */
  presence: number;
}

const INPUT_PX = 192;
/** Side of the region that the network sees, as a multiple of the detected box: the one that MediaPipe uses. */
const REGION = 1.5;
const RANGE = { scale: 1 / 255, offset: 0 };
/** Vertices of the mesh: corners of the left and of the right eye, tip of the nose, corners of the mouth. */
const VERTICES = { left: [33, 133], right: [362, 263], nose: 1, mouth: [61, 291] } as const;

/** A square region, turned so that the eyes are level. */
function regionTransform(face: DetectedFace): Transform {
  const [left, right] = face.eyes;
  const angle = Math.atan2(right[1] - left[1], right[0] - left[0]);
  const step = (Math.max(face.w, face.h) * REGION) / INPUT_PX;
  const [cos, sin] = [Math.cos(angle) * step, Math.sin(angle) * step];
  const [x, y, half] = [face.x + face.w / 2, face.y + face.h / 2, INPUT_PX / 2];
  return [cos, -sin, x - half * (cos - sin), sin, cos, y - half * (sin + cos)];
}

function middle(a: Point, b: Point): Point {
  return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
}

/** Locates the landmarks of a detected face. */
export function findLandmarks(face: FaceKernel, picture: FacePicture, detected: DetectedFace): Landmarks {
  const plan = face.landmarks.plan({ width: INPUT_PX, height: INPUT_PX });
  const transform = regionTransform(detected);
  picture.sample(face.arena + plan.input.offset, INPUT_PX, INPUT_PX, transform, RANGE);
  const [mesh, flag] = face.landmarks.run(plan, face.arena);
  const [presence = -Infinity] = flag?.floats ?? [];
  const [a, b, c, d, e, f] = transform;
  const vertex = (index: number): Point => {
    const [x = 0, y = 0] = mesh?.floats.subarray(index * 3, index * 3 + 2) ?? [];
    return [a * x + b * y + c, d * x + e * y + f];
  };
  const { left, right, nose, mouth } = VERTICES;
  const eyes = [middle(vertex(left[0]), vertex(left[1])), middle(vertex(right[0]), vertex(right[1]))] as const;
  const points = [...eyes, vertex(nose), vertex(mouth[0]), vertex(mouth[1])] as const;
  return { points, presence: 1 / (1 + Math.exp(-presence)) };
}
