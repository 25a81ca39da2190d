import { classifyImagesError } from "../renderers/imagesBinding.ts";
import type { ImageFile } from "./describer.ts";

const MAX_EDGE_PX = 1440;
const JPEG_QUALITY = 85;

export type Preview = { kind: "image"; image: ImageFile } | { kind: "unreadable"; reason: string };

/**
 * Renders the image that a describer receives: a JPEG, upright, without metadata, longest edge at most 1440 pixels.
 * Transparency becomes white; the local Images binding ignores that and makes it black. Throws on transient failures.
 */
export async function renderPreview(images: ImagesBinding, input: ReadableStream<Uint8Array>): Promise<Preview> {
  try {
    const output = await images
      .input(input)
      .transform({ width: MAX_EDGE_PX, height: MAX_EDGE_PX, fit: "scale-down", background: "#ffffff" })
      .output({ format: "image/jpeg", quality: JPEG_QUALITY });
    const bytes = new Uint8Array(await output.response().arrayBuffer());
    return { kind: "image", image: { bytes, mimeType: "image/jpeg" } };
  } catch (error) {
    return classifyImagesError(error);
  }
}
