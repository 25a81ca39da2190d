import { AppError } from "../../kernel/errors.ts";
import { isTransientStatus, retryAfterOf } from "../httpResponses.ts";

export type FrameResult = { kind: "frame"; bytes: Uint8Array } | { kind: "unreadable"; reason: string };

/** Input limit of the Media Transformations binding. */
export const MAX_VIDEO_BYTES = 100 * 1024 * 1024;

/** The first frame of a video is often black. */
const FRAME_TIME = "1s";

/** Messages of the binding about the input; all others are retried. A status in them is unrelated to the input. */
const PERMANENT_ERROR = /unsupported|invalid|codec|too (large|long)|not a video/i;

/** Reads the frame, or the reason for a permanent refusal. Throws for statuses that a later attempt can change. */
async function readFrame(response: Response): Promise<FrameResult> {
  if (response.ok) return { kind: "frame", bytes: new Uint8Array(await response.arrayBuffer()) };
  await response.body?.cancel();
  const reason = `Media Transformations responded with ${response.status}`;
  if (!isTransientStatus(response.status)) return { kind: "unreadable", reason };
  throw new AppError("rendering_unavailable", reason, retryAfterOf(response.headers.get("retry-after")));
}

/** Converts an error that the binding threw. Rethrows it unless it is about the input. */
function classifyMediaError(error: unknown): FrameResult {
  const reason = error instanceof Error ? error.message : String(error);
  if (!PERMANENT_ERROR.test(reason)) throw error;
  return { kind: "unreadable", reason: `Media Transformations cannot read it: ${reason}` };
}

/**
 * Extracts a frame of a video as a JPEG with Media Transformations, which exists only in production.
 *
 * @throws {AppError} `rendering_unavailable` with the seconds of `Retry-After`; and the binding's transient errors.
 */
export async function extractFrame(media: MediaBinding, video: ReadableStream<Uint8Array>): Promise<FrameResult> {
  let response: Response;
  try {
    const result = media.input(video).output({ mode: "frame", time: FRAME_TIME, format: "jpg" });
    response = await result.response();
  } catch (error) {
    return classifyMediaError(error);
  }
  return await readFrame(response);
}
