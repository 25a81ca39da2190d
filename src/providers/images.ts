/** Cloudflare Images through its binding: decodes, turns upright, shrinks. The Worker's own heap never holds the pixels of an original. */

export type Rendered = { kind: "rendered"; bytes: Uint8Array } | { kind: "unreadable"; reason: string };

/**
 * Refusals that stay true however often it is asked: 9412 no image, 9413 too many pixels, and what decoders say.
 * All else may pass, 9422 (the month's transformations are used up) and 9523 (could be anything) too: taking those for
 * final would cost a picture its thumbhash, asking a few times more costs little.
 */
const INPUT_REFUSED =
  /\b941[23]\b|unsupported image format|corrupt|premature end|not been built in|read error|missing required|unable to (parse|decode|write)/i;

/** Decoders add lines of detail, and local development a stack. */
function firstLine(text: string): string {
  return (text.split("\n", 1)[0] ?? "").slice(0, 300);
}

/** Longest edge at most `edgePx`, never enlarged, upright, as PNG. Throws on what may pass, such as an overload. */
export async function shrinkToPng(
  images: ImagesBinding,
  input: ReadableStream<Uint8Array>,
  edgePx: number,
): Promise<Rendered> {
  try {
    const output = await images
      .input(input)
      .transform({ width: edgePx, height: edgePx, fit: "scale-down" })
      .output({ format: "image/png" });
    return { kind: "rendered", bytes: new Uint8Array(await output.response().arrayBuffer()) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (INPUT_REFUSED.test(reason))
      return { kind: "unreadable", reason: `Images cannot read it: ${firstLine(reason)}` };
    throw new Error(`Images did not answer as it should: ${firstLine(reason)}`, { cause: error });
  }
}
