/** Recognizes faces with the machine-learning container of Immich: docs/faces.md. */
import { z } from "zod";
import { AppError } from "../../kernel/errors.ts";
import { isTransientStatus, parseJsonOrNull, readTextLimited, retryAfterOf } from "../httpResponses.ts";
import {
  PermanentRecognitionError,
  type FaceImage,
  type FaceRecognizer,
  type RecognizedFace,
} from "./faceRecognizer.ts";

export interface ImmichMlSettings {
  /** Such as `http://192.168.1.2:3003`. */
  baseUrl: string;
  /** A face model of InsightFace that the container has or downloads, such as `buffalo_l`. */
  model: string;
  /** Sent as `x-api-key` to a proxy in front of the container, which has no authentication; null for none. */
  apiKey: string | null;
  timeoutMs?: number;
}

/** The first request after a while loads the models, which takes up to a minute. */
const DEFAULT_TIMEOUT_MS = 120_000;
/** A face has about 6 KB of text, so that this is a crowd of 600. */
export const MAX_IMMICH_ML_RESPONSE_CHARACTERS = 4 * 1024 * 1024;
/** All face models that the container offers have this size. */
export const IMMICH_ML_DIMENSIONS = 512;
/** The detector's threshold, as Immich sets it. */
const MIN_SCORE = 0.7;
/** Version of what this module asks for; it is part of the model's name. */
const REQUEST_VERSION = 1;

const number = z.number().refine(Number.isFinite);
const vector = z.array(number).max(IMMICH_ML_DIMENSIONS * 8);
const embedding = z.union([
  vector,
  z
    .string()
    .transform((text) => parseJsonOrNull(text))
    .pipe(vector),
]);
const face = z.object({
  boundingBox: z.object({ x1: number, y1: number, x2: number, y2: number }),
  embedding,
  score: number,
});
const prediction = z.object({
  "facial-recognition": z.array(face),
  imageHeight: number.refine((value) => value > 0),
  imageWidth: number.refine((value) => value > 0),
});
type Prediction = z.output<typeof prediction>;

/** The models to run: the faces that `detection` finds are the input of `recognition`. */
function entriesOf(model: string): string {
  const detection = { modelName: model, options: { minScore: MIN_SCORE } };
  return JSON.stringify({ "facial-recognition": { detection, recognition: { modelName: model, options: {} } } });
}

async function predict(settings: ImmichMlSettings, image: FaceImage): Promise<Response> {
  const form = new FormData();
  form.append("entries", entriesOf(settings.model));
  form.append("image", new Blob([await image.bytes()], { type: image.mimeType }), "image");
  return await fetch(`${settings.baseUrl}/predict`, {
    method: "POST",
    headers: settings.apiKey === null ? {} : { "x-api-key": settings.apiKey },
    body: form,
    // A redirect could send the image to another host than the configured one.
    redirect: "manual",
    signal: AbortSignal.timeout(settings.timeoutMs ?? DEFAULT_TIMEOUT_MS),
  });
}

/** Clips a box to the picture; null if no pixel of it is inside. */
function boxOf(
  { boundingBox: { x1, y1, x2, y2 } }: Prediction["facial-recognition"][number],
  width: number,
  height: number,
) {
  const clip = (value: number): number => Math.min(1, Math.max(0, value));
  const [left, top, right, bottom] = [clip(x1 / width), clip(y1 / height), clip(x2 / width), clip(y2 / height)];
  return right <= left || bottom <= top ? null : { x: left, y: top, w: right - left, h: bottom - top };
}

function unitVector(values: number[]): Float32Array | null {
  const length = Math.hypot(...values);
  return length > 0 ? Float32Array.from(values, (value) => value / length) : null;
}

function parseFaces(body: string | null): RecognizedFace[] {
  const parsed = prediction.safeParse(body === null ? null : parseJsonOrNull(body));
  if (!parsed.success) throw new PermanentRecognitionError("the response of IMMICH_ML_URL is not a list of faces");
  const { imageWidth, imageHeight, "facial-recognition": faces } = parsed.data;
  return faces.flatMap((found): RecognizedFace[] => {
    if (found.embedding.length !== IMMICH_ML_DIMENSIONS) {
      const sizes = `${found.embedding.length} values instead of ${IMMICH_ML_DIMENSIONS}`;
      throw new PermanentRecognitionError(`the embeddings of IMMICH_ML_FACE_MODEL have ${sizes}`);
    }
    const box = boxOf(found, imageWidth, imageHeight);
    const confidence = Math.min(1, Math.max(0, found.score));
    return box === null ? [] : [{ box, landmarks: null, confidence, embedding: unitVector(found.embedding) }];
  });
}

function throwForStatus({ status, headers }: Response): void {
  if (status >= 200 && status < 300) return;
  const reason = `IMMICH_ML_URL responded with ${status}`;
  if (status === 429) throw new AppError("rate_limited", reason, retryAfterOf(headers.get("retry-after")));
  if (isTransientStatus(status)) throw new Error(reason);
  throw new PermanentRecognitionError(reason);
}

async function recognize(settings: ImmichMlSettings, image: FaceImage): Promise<RecognizedFace[]> {
  let response: Response;
  let body: string | null;
  try {
    response = await predict(settings, image);
    body = await readTextLimited(response, MAX_IMMICH_ML_RESPONSE_CHARACTERS);
  } catch (error) {
    const isTimeout = error instanceof DOMException && error.name === "TimeoutError";
    const reason = isTimeout ? "timed out" : `could not be reached: ${String(error)}`;
    throw new Error(`the face recognizer at IMMICH_ML_URL ${reason}`, { cause: error });
  }
  throwForStatus(response);
  return parseFaces(body);
}

/**
 * Sends pictures to `/predict` of the container. Response time and size are limited. Boxes are clipped to the picture;
 * a box outside of it is dropped.
 */
export function immichMlRecognizer(settings: ImmichMlSettings): FaceRecognizer {
  return {
    model: `immich-ml/${settings.model}@${REQUEST_VERSION}`,
    dimensions: IMMICH_ML_DIMENSIONS,
    memoryBytes: 0,
    recognize: async (image) => await recognize(settings, image),
  };
}
