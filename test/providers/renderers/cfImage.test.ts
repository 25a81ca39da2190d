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

  it("returns unreadable without a cf-resized header, so that the original is never served as a rendition", async () => {
    mockEdge(new Response("the original with its GPS data", { headers: { "content-type": "image/jpeg" } }));
    expect(await cfImageRenderer(source(), request)).toMatchObject({ kind: "unreadable" });
  });

  it("returns unreadable for a rejected image and throws for an overload", async () => {
    mockEdge(new Response(null, { status: 415, headers: { "cf-resized": "err=9412" } }));
    expect(await cfImageRenderer(source(), request)).toMatchObject({
      kind: "unreadable",
      reason: expect.stringContaining("9412"),
    });
    mockEdge(new Response("x", { headers: { "cf-resized": "err=9520" } }));
    expect(await cfImageRenderer(source(), request)).toMatchObject({ kind: "unreadable" });
    for (const status of [429, 500, 503]) {
      mockEdge(new Response(null, { status }));
      await expect(cfImageRenderer(source(), request)).rejects.toThrow(String(status));
    }
  });
});
