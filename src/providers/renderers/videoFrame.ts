/** A frame of a video as a JPEG, by Media Transformations. Only production has the binding. */

export type Frame = { kind: "frame"; bytes: Uint8Array } | { kind: "unreadable"; reason: string };

/** The binding's documented limit for its input. */
export const MAX_VIDEO_BYTES = 100 * 1024 * 1024;

/** One second in: the very first frame is often black. */
const AT = "1s";

/** Refusals of the input, which asking again does not change; all else is thrown, to be tried again. */
const INPUT_REFUSED = /unsupported|invalid|codec|too (large|long)|not a video|\b4\d\d\b/i;

export async function grabFrame(media: MediaBinding, video: ReadableStream<Uint8Array>): Promise<Frame> {
  try {
    const result = media.input(video).output({ mode: "frame", time: AT, format: "jpg" });
    const response = await result.response();
    if (response.ok) return { kind: "frame", bytes: new Uint8Array(await response.arrayBuffer()) };
    const reason = `Media Transformations answered ${response.status}`;
    await response.body?.cancel();
    if (response.status === 429 || response.status >= 500) throw new Error(reason);
    return { kind: "unreadable", reason };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (INPUT_REFUSED.test(reason))
      return { kind: "unreadable", reason: `Media Transformations cannot read it: ${reason}` };
    throw error;
  }
}
