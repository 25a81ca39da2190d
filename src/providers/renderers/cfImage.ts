/** Renders by `fetch(…, { cf: { image } })`: needs a zone with Transformations; input up to 100 MB. */
import type { Rendered, RenderRequest, RenderSource } from "./renderer.ts";

/** `cf-resized` is there only where the edge resized; without it the answer is the source, untouched. */
function failureOf(response: Response): Rendered | null {
  const resized = response.headers.get("cf-resized");
  if (response.status === 429 || response.status >= 500)
    throw new Error(`the edge could not resize: ${response.status}`);
  if (!response.ok)
    return { kind: "unreadable", reason: `the edge refused the picture: ${response.status} ${resized ?? ""}` };
  if (resized === null || resized.includes("err=")) {
    return { kind: "unreadable", reason: `the edge did not resize the picture: ${resized ?? "no cf-resized"}` };
  }
  return null;
}

export async function renderByFetch(source: RenderSource, { edgePx, format }: RenderRequest): Promise<Rendered> {
  await source.body.cancel();
  const size = edgePx === null ? {} : { width: edgePx, height: edgePx };
  const image = { ...size, fit: "scale-down", format, metadata: "none", anim: false } as const;
  const response = await fetch(await source.url(), { cf: { image } });
  const failure = failureOf(response);
  if (failure !== null) {
    await response.body?.cancel();
    return failure;
  }
  const contentType = response.headers.get("content-type") ?? `image/${format}`;
  return { kind: "rendered", bytes: new Uint8Array(await response.arrayBuffer()), contentType };
}
