/** The small PNG that hashes and measures are made of, by Cloudflare Images. */
import type { Rendered } from "./renderer.ts";
import { renderByBinding } from "./imagesBinding.ts";

/** Longest edge at most `edgePx`, never enlarged, upright, as PNG. Throws on what may pass, such as an overload. */
export async function shrinkToPng(
  images: ImagesBinding,
  input: ReadableStream<Uint8Array>,
  edgePx: number,
): Promise<Rendered> {
  const source = { body: input, url: () => Promise.reject(new Error("the binding asks for no URL")) };
  return await renderByBinding(images)(source, { edgePx, format: "png" });
}
