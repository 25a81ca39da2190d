/** Computes the embedding of a face with MobileFaceNet. */
import type { FaceKernel } from "./faceKernel.ts";
import type { Landmarks, Point } from "./faceLandmarks.ts";
import type { FacePicture, Transform } from "./facePicture.ts";

/** Values of an embedding. */
export const EMBEDDING_DIMENSIONS = 192;

const INPUT_PX = 112;
const RANGE = { scale: 1 / 128, offset: -127.5 / 128 };
/** Places of eyes, nose and mouth in the pictures that the network was trained with: ArcFace's template. */
const TEMPLATE: readonly Point[] = [
  [38.2946, 51.6963],
  [73.5318, 51.5014],
  [56.0252, 71.7366],
  [41.5493, 92.3655],
  [70.7299, 92.2041],
];

function mean(points: readonly Point[]): Point {
  const sum = (axis: 0 | 1) => points.reduce((total, point) => total + point[axis], 0) / points.length;
  return [sum(0), sum(1)];
}

/** The rotation, scale and shift from `from` to `to` with the least squared distance. */
export function similarityTransform(from: readonly Point[], to: readonly Point[]): Transform {
  const [fromMean, toMean] = [mean(from), mean(to)];
  let [cos, sin, total] = [0, 0, 0];
  from.forEach((point, i) => {
    const [x, y] = [point[0] - fromMean[0], point[1] - fromMean[1]];
    const [u, v] = [(to[i]?.[0] ?? 0) - toMean[0], (to[i]?.[1] ?? 0) - toMean[1]];
    cos += x * u + y * v;
    sin += x * v - y * u;
    total += x * x + y * y;
  });
  const [a, b] = [cos / total, sin / total];
  return [a, -b, toMean[0] - a * fromMean[0] + b * fromMean[1], b, a, toMean[1] - b * fromMean[0] - a * fromMean[1]];
}

function unitVector(values: Float32Array): Float32Array {
  const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  return length === 0 ? values : values.map((value) => value / length);
}

/** The same picture from right to left. */
function mirrored([a, b, c, d, e, f]: Transform): Transform {
  return [-a, b, c + a * INPUT_PX, -d, e, f + d * INPUT_PX];
}

/** Computes the embeddings of an aligned face and of its mirror image, and returns their normalized sum. */
export function embedFace(face: FaceKernel, picture: FacePicture, { points }: Landmarks): Float32Array {
  const plan = face.embedder.plan({ width: INPUT_PX, height: INPUT_PX });
  const embed = (transform: Transform) => {
    picture.sample(face.arena + plan.input.offset, INPUT_PX, INPUT_PX, transform, RANGE);
    const [embedding] = face.embedder.run(plan, face.arena);
    if (embedding?.floats.length !== EMBEDDING_DIMENSIONS) throw new Error("the embedder lacks its output");
    return unitVector(embedding.floats);
  };
  const transform = similarityTransform(TEMPLATE, points);
  const [first, second] = [embed(transform), embed(mirrored(transform))];
  return unitVector(first.map((value, i) => value + (second[i] ?? 0)));
}
