import { AppError } from "../../kernel/errors.ts";
import { isTransientStatus, retryAfterOf } from "../httpResponses.ts";
import { contentTypeOf } from "./contentType.ts";
import type { RenderResult, RenderRequest, RenderSource } from "./renderer.ts";

/** The edge sets `cf-resized` only if it resized. Without the header the body is the unchanged source. */
function failureOf(response: Response): RenderResult | null {
  const resized = response.headers.get("cf-resized");
  if (isTransientStatus(response.status)) {
    const message = `the edge failed to resize the image: ${response.status}`;
    throw new AppError("rendering_unavailable", message, retryAfterOf(response.headers.get("retry-after")));
  }
  if (!response.ok) {
    return { kind: "unreadable", reason: `the edge rejected the image: ${response.status} ${resized ?? ""}` };
  }
  if (resized === null || resized.includes("err=")) {
    return { kind: "unreadable", reason: `the edge did not resize the image: ${resized ?? "no cf-resized header"}` };
  }
  return null;
}

/** Renders with `fetch(…, { cf: { image } })`. Requires a zone with Transformations; input up to 100 MB. */
export async function cfImageRenderer(source: RenderSource, { edgePx, format }: RenderRequest): Promise<RenderResult> {
  await source.body.cancel();
  const size = edgePx === null ? {} : { width: edgePx, height: edgePx };
  const image = { ...size, fit: "scale-down", format, metadata: "none", anim: false } as const;
  const response = await fetch(await source.url(), { cf: { image } });
  const failure = failureOf(response);
  if (failure !== null) {
    await response.body?.cancel();
    return failure;
  }
  const bytes = new Uint8Array(await response.arrayBuffer());
  const declared = response.headers.get("content-type") ?? `image/${format}`;
  return { kind: "rendered", bytes, contentType: contentTypeOf(bytes, declared) };
}
