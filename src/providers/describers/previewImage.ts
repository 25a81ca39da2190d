/** The picture a describer is sent: upright, at most the preview rung, without metadata. Never an original. */
import type { PictureFile } from "./describer.ts";
import { refusal } from "../renderers/imagesBinding.ts";

const EDGE_PX = 1440;
const QUALITY = 85;

export type Preview = { kind: "picture"; picture: PictureFile } | { kind: "unreadable"; reason: string };

/**
 * JPEG, because every vision model reads it. What is transparent is put on white; the local binding ignores that and
 * puts it on black. Throws on what may pass, such as an overload.
 */
export async function previewPicture(images: ImagesBinding, input: ReadableStream<Uint8Array>): Promise<Preview> {
  try {
    const output = await images
      .input(input)
      .transform({ width: EDGE_PX, height: EDGE_PX, fit: "scale-down", background: "#ffffff" })
      .output({ format: "image/jpeg", quality: QUALITY });
    const bytes = new Uint8Array(await output.response().arrayBuffer());
    return { kind: "picture", picture: { bytes, mimeType: "image/jpeg" } };
  } catch (error) {
    return refusal(error);
  }
}
