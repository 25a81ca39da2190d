/** Cloudflare Images through its binding: decodes, turns upright, shrinks. The Worker's own heap never holds the pixels of an original. */

export type Rendered = { kind: "rendered"; bytes: Uint8Array } | { kind: "unreadable"; reason: string };

/** Images numbers its refusals: 94xx are about the input and stay true however often it is asked. */
const INPUT_REFUSED = /\b94\d\d\b|unsupported|invalid|corrupt|decode|format/i;

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
    if (INPUT_REFUSED.test(reason)) return { kind: "unreadable", reason: `Images cannot read it: ${reason}` };
    throw error;
  }
}
