import { afterEach, describe, expect, it, vi } from "vitest";
import { cfImageRenderer } from "../../../src/providers/renderers/cfImage.ts";

afterEach(() => vi.restoreAllMocks());

/** Mocks `fetch`, because only a zone with Transformations resizes. */
function mockEdge(response: Response) {
  return vi.spyOn(globalThis, "fetch").mockResolvedValue(response);
}

function source() {
  const state = { cancelled: false };
  const body = new ReadableStream<Uint8Array>({ cancel: () => void (state.cancelled = true) });
  return { body, state, url: () => Promise.resolve("https://photos.example.com/media/a/b/original?exp=1&sig=x") };
}

const request = { edgePx: 360, format: "webp" } as const;

describe("cfImageRenderer", () => {
  it("fetches the source's URL with resizing that strips metadata and never enlarges, without reading the body", async () => {
    const headers = { "cf-resized": "internal=ok/m q=0 n=30", "content-type": "image/webp" };
    const fetchMock = mockEdge(new Response("webp", { headers }));
    const original = source();
    const result = await cfImageRenderer(original, request);
    expect(result).toMatchObject({ kind: "rendered", contentType: "image/webp" });
    expect(original.state.cancelled).toBe(true);
    const [url, options] = fetchMock.mock.calls[0] ?? [];
    expect(url).toBe("https://photos.example.com/media/a/b/original?exp=1&sig=x");
    expect(options).toMatchObject({
      cf: { image: { width: 360, height: 360, fit: "scale-down", format: "webp", metadata: "none", anim: false } },
    });
  });

  it("throws without a cf-resized header, so that the original is never served as a rendition", async () => {
    mockEdge(new Response("the original with its GPS data", { headers: { "content-type": "image/jpeg" } }));
    await expect(cfImageRenderer(source(), request)).rejects.toMatchObject({ code: "rendering_unavailable" });
  });

  it.each([
    [415, "err=9412"],
    [413, "err=9413"],
    [200, "err=9520"],
  ])("returns unreadable for an image that the edge rejects: %i %s", async (status, resized) => {
    mockEdge(new Response("x", { status, headers: { "cf-resized": resized } }));
    const reason = expect.stringContaining(resized);
    expect(await cfImageRenderer(source(), request)).toMatchObject({ kind: "unreadable", reason });
  });

  it.each([
    [429, null],
    [503, null],
    [403, "err=9403"],
    [404, "err=9404"],
    [422, "err=9422"],
    [504, "err=9504"],
  ])("throws for a failure that is not the image's: %i %s", async (status, resized) => {
    const headers = { "retry-after": "30", ...(resized !== null && { "cf-resized": resized }) };
    mockEdge(new Response("x", { status, headers }));
    await expect(cfImageRenderer(source(), request)).rejects.toMatchObject({
      code: "rendering_unavailable",
      message: expect.stringContaining(String(status)),
      retryAfterSeconds: 30,
    });
  });
});
