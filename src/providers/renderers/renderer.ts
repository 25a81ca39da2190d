export interface RenderRequest {
  /** Longest edge in pixels; null for the size of the source. */
  edgePx: number | null;
  format: "webp" | "jpeg" | "png";
}

/**
 * The source image, whose EXIF orientation is the only one that counts: its bytes, and a URL from which Cloudflare's
 * edge can fetch the same bytes.
 */
export interface RenderSource {
  body: ReadableStream<Uint8Array>;
  url: () => Promise<string>;
}

export type RenderResult =
  /** `contentType` is the type of the bytes, which may differ from the requested format. */
  | { kind: "rendered"; bytes: Uint8Array<ArrayBuffer>; contentType: string }
  /** The source is undecodable, or the image exceeds a limit of the format; retries fail as well. */
  | { kind: "unreadable"; reason: string };

/**
 * Renders a variant of an image: upright, without metadata, same aspect ratio, never enlarged.
 * Throws on transient failures such as an overload.
 */
export type Renderer = (source: RenderSource, request: RenderRequest) => Promise<RenderResult>;
