import { describe, expect, it } from "vitest";
import { AppError } from "../../../src/kernel/errors.ts";
import { extractFrame } from "../../../src/providers/renderers/videoFrame.ts";

/** Media Transformations has no local simulator. */
function mediaThat(respond: () => Promise<Response>): MediaBinding {
  const result = { response: respond };
  const transformer = { transform: () => ({ output: () => result }), output: () => result };
  return { input: () => transformer } as unknown as MediaBinding;
}

function video(): ReadableStream<Uint8Array> {
  return new Blob(["a video"]).stream();
}

function responding(status: number, headers: Record<string, string> = {}): MediaBinding {
  return mediaThat(() => Promise.resolve(new Response(status === 200 ? "a frame" : "an error", { status, headers })));
}

async function thrownBy(media: MediaBinding): Promise<unknown> {
  return await extractFrame(media, video()).then(
    () => null,
    (error: unknown) => error,
  );
}

describe("extractFrame", () => {
  it("returns the frame", async () => {
    const result = await extractFrame(responding(200), video());
    expect(result).toEqual({ kind: "frame", bytes: new TextEncoder().encode("a frame") });
  });

  it.each([408, 425, 429, 500, 502, 503])("throws for status %i, so that the task is retried", async (status) => {
    expect(await thrownBy(responding(status))).toBeInstanceOf(AppError);
  });

  it("passes on the seconds of Retry-After", async () => {
    expect(await thrownBy(responding(429, { "retry-after": "120" }))).toMatchObject({
      code: "rendering_unavailable",
      retryAfterSeconds: 120,
    });
  });

  it.each([400, 404, 413, 415, 422])("returns unreadable for status %i", async (status) => {
    const reason = `Media Transformations responded with ${status}`;
    expect(await extractFrame(responding(status), video())).toEqual({ kind: "unreadable", reason });
  });

  it.each(["unsupported codec hvc1", "Invalid input", "input too large"])(
    "returns unreadable for the permanent error %s",
    async (message) => {
      const media = mediaThat(() => Promise.reject(new Error(message)));
      expect(await extractFrame(media, video())).toMatchObject({ kind: "unreadable" });
    },
  );

  it.each(["HTTP 429", "internal error; reference = 404", "Network connection lost."])(
    "throws for the transient error %s",
    async (message) => {
      const error = new Error(message);
      expect(await thrownBy(mediaThat(() => Promise.reject(error)))).toBe(error);
    },
  );
});
