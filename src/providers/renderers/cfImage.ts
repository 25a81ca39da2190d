import { AppError } from "../../kernel/errors.ts";
import { retryAfterOf } from "../httpResponses.ts";
import { contentTypeOf } from "./contentType.ts";
import type { RenderResult, RenderRequest, RenderSource } from "./renderer.ts";

/** Undecodable input, too many pixels, unsupported format. Other codes are about the URL, the zone or the service. */
const PERMANENT_CODES = ["9412", "9413", "9520"];

/**
 * The edge sets `cf-resized` only if it resized. Without the header the body is the unchanged source: transformations
 * are off for the zone, and the image may be valid.
 */
function failureOf(response: Response): RenderResult | null {
  const resized = response.headers.get("cf-resized");
  const code = /err=(\d+)/.exec(resized ?? "")?.[1];
  if (response.ok && resized !== null && code === undefined) return null;
  const reason = `the edge did not resize the image: ${response.status} ${resized ?? "without cf-resized header"}`;
  const isPermanent = code === undefined ? response.status === 415 : PERMANENT_CODES.includes(code);
  if (isPermanent) return { kind: "unreadable", reason };
  throw new AppError("rendering_unavailable", reason, retryAfterOf(response.headers.get("retry-after")));
}

/** Renders with `fetch(…, { cf: { image } })`. Requires a zone with Transformations; input up to 100 MB. */
export async function cfImageRenderer(source: RenderSource, { edgePx, format }: RenderRequest): Promise<RenderResult> {
  await source.body.cancel();
  const size = edgePx === null ? {} : { width: edgePx, height: edgePx };
  const image = { ...size, fit: "scale-down", format, metadata: "none", anim: false } as const;
  const response = await fetch(await source.url(), { cf: { image } });
  let failure: RenderResult | null;
  try {
    failure = failureOf(response);
  } catch (error) {
    await response.body?.cancel();
    throw error;
  }
  if (failure !== null) {
    await response.body?.cancel();
    return failure;
  }
  const bytes = new Uint8Array(await response.arrayBuffer());
  const declared = response.headers.get("content-type") ?? `image/${format}`;
  return { kind: "rendered", bytes, contentType: contentTypeOf(bytes, declared) };
}
