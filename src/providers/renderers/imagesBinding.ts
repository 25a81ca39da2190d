import { contentTypeOf } from "./contentType.ts";
import type { Renderer, RenderResult } from "./renderer.ts";

/**
 * Permanent errors: 9412 (invalid image), 9413 (too many pixels), decoder messages, and encoders' refusals of an image
 * that is too large for the format. 9422 (monthly limit) and 9523 (unspecified) count as transient: a false permanent
 * error would cost an image its thumbhash, a retry costs little.
 */
const PERMANENT_ERROR =
  /\b941[23]\b|unsupported image format|corrupt|premature end|not been built in|read error|missing required|exceeds pixel limit|too large for the \w+ format|unable to (parse|decode|write)|tiff2vips|\bheif:|treated as error/i;
const MAX_REASON_CHARACTERS = 300;
/**
 * Cloudflare's documented default, stated because thumbnails are made from the result. Local development encodes with
 * quality 80 whatever it gets. A quality of a PNG would reduce its colours.
 */
const RENDER_QUALITY = 85;

/** Decoders append details, local development a stack trace. */
function firstLine(text: string): string {
  return (text.split("\n", 1)[0] ?? "").slice(0, MAX_REASON_CHARACTERS);
}

/** Converts an error of the Images binding to an `unreadable` result. Throws if the error is transient. */
export function classifyImagesError(error: unknown): Extract<RenderResult, { kind: "unreadable" }> {
  const message = error instanceof Error ? error.message : String(error);
  if (PERMANENT_ERROR.test(message)) {
    return { kind: "unreadable", reason: `Images cannot read it: ${firstLine(message)}` };
  }
  throw new Error(`Cloudflare Images failed: ${firstLine(message)}`, { cause: error });
}

/**
 * Renders with the Images binding, which works on every account, workers.dev and locally; input up to 20 MB.
 * Pixels are decoded outside the Worker's memory.
 */
export function imagesBindingRenderer(images: ImagesBinding): Renderer {
  return async ({ body }, { edgePx, format }) => {
    const contentType = `image/${format}` as const;
    try {
      const input = images.input(body);
      const sized = edgePx === null ? input : input.transform({ width: edgePx, height: edgePx, fit: "scale-down" });
      const quality = format === "png" ? {} : { quality: RENDER_QUALITY };
      const output = await sized.output({ format: contentType, anim: false, ...quality });
      const bytes = new Uint8Array(await output.response().arrayBuffer());
      return { kind: "rendered", bytes, contentType: contentTypeOf(bytes, contentType) };
    } catch (error) {
      return classifyImagesError(error);
    }
  };
}

/**
 * Renders a PNG for analysis: upright, scaled down to a longest edge of at most `edgePx`. Throws on transient failures.
 */
export async function renderPng(
  images: ImagesBinding,
  input: ReadableStream<Uint8Array>,
  edgePx: number,
): Promise<RenderResult> {
  const source = { body: input, url: () => Promise.reject(new Error("the Images binding needs no URL")) };
  return await imagesBindingRenderer(images)(source, { edgePx, format: "png" });
}
