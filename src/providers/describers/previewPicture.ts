/** The picture a describer is sent: upright, at most the preview rung, without metadata. Never an original. */
import type { PictureFile } from "../describer.ts";

const EDGE_PX = 1440;
const QUALITY = 85;

export type Preview = { kind: "picture"; picture: PictureFile } | { kind: "unreadable"; reason: string };

/** Images numbers its refusals: 94xx are about the input and stay true however often it is asked. */
const INPUT_REFUSED = /\b94\d\d\b|unsupported|invalid|corrupt|decode|format/i;

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
    const reason = error instanceof Error ? error.message : String(error);
    if (INPUT_REFUSED.test(reason)) return { kind: "unreadable", reason: `Images cannot read it: ${reason}` };
    throw error;
  }
}
