/** Makes a rung of a picture: upright, metadata stripped, aspect kept, never enlarged. */
import { renderByFetch } from "./cfImage.ts";
import { renderByBinding } from "./imagesBinding.ts";

export interface RenderRequest {
  /** Longest edge in pixels; null: as large as it is. */
  edgePx: number | null;
  format: "webp" | "avif" | "jpeg" | "png";
}

/** Where the picture comes from: its bytes, and a URL at which Cloudflare's edge can fetch the same. */
export interface RenderSource {
  body: ReadableStream<Uint8Array>;
  url: () => Promise<string>;
}

export type Rendered =
  | { kind: "rendered"; bytes: Uint8Array<ArrayBuffer>; contentType: string }
  | { kind: "unreadable"; reason: string };

/** Throws on what may pass, such as an overload; what will never work is `unreadable`. */
export type Renderer = (source: RenderSource, request: RenderRequest) => Promise<Rendered>;

export function rendererOf(delivery: "images-binding" | "cf-image" | "cdn-cgi", images: ImagesBinding): Renderer {
  // With cdn-cgi the edge resizes the preview; the preview itself, and full size, are still made here.
  return delivery === "cf-image" ? renderByFetch : renderByBinding(images);
}
