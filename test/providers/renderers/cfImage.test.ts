import { afterEach, describe, expect, it, vi } from "vitest";
import { renderByFetch } from "../../../src/providers/renderers/cfImage.ts";

afterEach(() => vi.restoreAllMocks());

/** What the edge answers, in the place of `fetch`: only a zone with Transformations resizes for real. */
function edgeAnswers(response: Response) {
  return vi.spyOn(globalThis, "fetch").mockResolvedValue(response);
}

function source() {
  const cancelled = { yes: false };
  const body = new ReadableStream<Uint8Array>({ cancel: () => void (cancelled.yes = true) });
  return { body, cancelled, url: () => Promise.resolve("https://photos.example.com/media/a/b/original?exp=1&sig=x") };
}

const request = { edgePx: 360, format: "webp" } as const;

describe("rendering by the edge", () => {
  it("asks for the source's URL, upright, without metadata and never enlarged, and leaves its bytes alone", async () => {
    const headers = { "cf-resized": "internal=ok/m q=0 n=30", "content-type": "image/webp" };
    const asked = edgeAnswers(new Response("webp", { headers }));
    const from = source();
    const rendered = await renderByFetch(from, request);
    expect(rendered).toMatchObject({ kind: "rendered", contentType: "image/webp" });
    expect(from.cancelled.yes).toBe(true);
    const [url, options] = asked.mock.calls[0] ?? [];
    expect(url).toBe("https://photos.example.com/media/a/b/original?exp=1&sig=x");
    expect(options).toMatchObject({
      cf: { image: { width: 360, height: 360, fit: "scale-down", format: "webp", metadata: "none", anim: false } },
    });
  });

  it("never takes the untouched original for a rendering: without cf-resized there is no picture", async () => {
    edgeAnswers(new Response("the original, with its GPS", { headers: { "content-type": "image/jpeg" } }));
    expect(await renderByFetch(source(), request)).toMatchObject({ kind: "unreadable" });
  });

  it("takes a refusal for final and an overload for one that passes", async () => {
    edgeAnswers(new Response(null, { status: 415, headers: { "cf-resized": "err=9412" } }));
    expect(await renderByFetch(source(), request)).toMatchObject({
      kind: "unreadable",
      reason: expect.stringContaining("9412"),
    });
    edgeAnswers(new Response("x", { headers: { "cf-resized": "err=9520" } }));
    expect(await renderByFetch(source(), request)).toMatchObject({ kind: "unreadable" });
    for (const status of [429, 500, 503]) {
      edgeAnswers(new Response(null, { status }));
      await expect(renderByFetch(source(), request)).rejects.toThrow(String(status));
    }
  });
});
