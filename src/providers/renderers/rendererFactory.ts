import { cfImageRenderer } from "./cfImage.ts";
import { imagesBindingRenderer } from "./imagesBinding.ts";
import type { Renderer } from "./renderer.ts";

/**
 * Creates the renderer for the configured delivery. With `cdn-cgi` the edge resizes the preview, so the preview and
 * full size are rendered by the Images binding.
 */
export function createRenderer(delivery: "images-binding" | "cf-image" | "cdn-cgi", images: ImagesBinding): Renderer {
  return delivery === "cf-image" ? cfImageRenderer : imagesBindingRenderer(images);
}
