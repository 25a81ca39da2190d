/**
 * Renders through the Images binding: any account, workers.dev and local development; input up to 20 MB.
 * The Worker's own heap never holds the pixels of an original.
 */
import type { Rendered, Renderer } from "./renderer.ts";

/**
 * Refusals that stay true however often it is asked: 9412 no image, 9413 too many pixels, and what decoders say.
 * All else may pass, 9422 (the month's transformations are used up) and 9523 (could be anything) too: taking those for
 * final would cost a picture its thumbhash, asking a few times more costs little.
 */
const INPUT_REFUSED =
  /\b941[23]\b|unsupported image format|corrupt|premature end|not been built in|read error|missing required|unable to (parse|decode|write)|tiff2vips|\bheif:|treated as error/i;

/** Decoders add lines of detail, and local development a stack. */
function firstLine(text: string): string {
  return (text.split("\n", 1)[0] ?? "").slice(0, 300);
}

/** A picture that Images can't read; a failure that may pass is thrown. */
export function refusal(error: unknown): Extract<Rendered, { kind: "unreadable" }> {
  const reason = error instanceof Error ? error.message : String(error);
  if (INPUT_REFUSED.test(reason)) return { kind: "unreadable", reason: `Images cannot read it: ${firstLine(reason)}` };
  throw new Error(`Images did not answer as it should: ${firstLine(reason)}`, { cause: error });
}

export function renderByBinding(images: ImagesBinding): Renderer {
  return async ({ body }, { edgePx, format }) => {
    const contentType = `image/${format}` as const;
    try {
      const input = images.input(body);
      const sized = edgePx === null ? input : input.transform({ width: edgePx, height: edgePx, fit: "scale-down" });
      const output = await sized.output({ format: contentType, anim: false });
      return { kind: "rendered", bytes: new Uint8Array(await output.response().arrayBuffer()), contentType };
    } catch (error) {
      return refusal(error);
    }
  };
}
