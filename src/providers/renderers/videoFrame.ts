export type FrameResult = { kind: "frame"; bytes: Uint8Array } | { kind: "unreadable"; reason: string };

/** Input limit of the Media Transformations binding. */
export const MAX_VIDEO_BYTES = 100 * 1024 * 1024;

/** The first frame of a video is often black. */
const FRAME_TIME = "1s";

/** Permanent errors of the input; all others are retried. */
const PERMANENT_ERROR = /unsupported|invalid|codec|too (large|long)|not a video|\b4\d\d\b/i;

/**
 * Extracts a frame of a video as a JPEG with Media Transformations, which exists only in production.
 * Throws on transient failures.
 */
export async function extractFrame(media: MediaBinding, video: ReadableStream<Uint8Array>): Promise<FrameResult> {
  try {
    const result = media.input(video).output({ mode: "frame", time: FRAME_TIME, format: "jpg" });
    const response = await result.response();
    if (response.ok) return { kind: "frame", bytes: new Uint8Array(await response.arrayBuffer()) };
    const reason = `Media Transformations responded with ${response.status}`;
    await response.body?.cancel();
    if (response.status === 429 || response.status >= 500) throw new Error(reason);
    return { kind: "unreadable", reason };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (PERMANENT_ERROR.test(reason)) {
      return { kind: "unreadable", reason: `Media Transformations cannot read it: ${reason}` };
    }
    throw error;
  }
}
