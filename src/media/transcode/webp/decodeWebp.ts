import { memorySource } from "../../inspect/bytes/byteSource.ts";
import { emptyContent } from "../../inspect/containers/imageContent.ts";
import { readWebp } from "../../inspect/containers/webp.ts";
import type { RgbaImage } from "../rgbaImage.ts";
import type { Size } from "../resize/scaledSize.ts";
import { yieldToRequests } from "../yieldToRequests.ts";
import { isolateCodec } from "./codecInstance.ts";

/** Pixels of a WebP that is decoded at once: at most 53 MB of WebAssembly memory and 20 MB of result. */
export const MAX_DECODED_WEBP_PIXELS = 5 * 1000 * 1000;
/** WebAssembly memory of the decoder. Its RGBA result is copied to JavaScript and comes on top. */
export const MAX_WEBP_DECODER_BYTES = 56 * 1024 * 1024;

/** The modules load with the first image, so that requests without one don't wait for them. */
const decoder = isolateCodec(async () => {
  const [script, wasm] = await Promise.all([
    import("@jsquash/webp/codec/dec/webp_dec.js"),
    import("@jsquash/webp/codec/dec/webp_dec.wasm"),
  ]);
  return { create: script.default, wasm: wasm.default };
}, MAX_WEBP_DECODER_BYTES);

type Decoder = Parameters<Parameters<typeof decoder.runAlone>[0]>[0];

const DAMAGED = "the WebP is damaged, animated or not a WebP";

/** Size of the image, which is read before the decoder allocates its pixels; 0 for a damaged file. */
export async function readWebpSize(file: Uint8Array): Promise<Size> {
  const content = emptyContent();
  try {
    await readWebp(memorySource(file), content);
  } catch {
    // The reader throws at a defect, and keeps what it read before.
  }
  return { width: content.rawWidth, height: content.rawHeight };
}

async function requireSize(file: Uint8Array, maxPixels: number): Promise<void> {
  const { width, height } = await readWebpSize(file);
  if (width * height === 0) throw new Error(DAMAGED);
  if (width * height > maxPixels) throw new Error(`the WebP is too large to decode: ${width} × ${height} pixels`);
}

function decodeWith(codec: Decoder, file: Uint8Array): RgbaImage {
  const decoded = codec.decode(file);
  if (decoded === null || !(decoded.data instanceof Uint8ClampedArray)) throw new Error(DAMAGED);
  const { data, width, height } = decoded;
  return { width, height, rgba: new Uint8Array(data.buffer, data.byteOffset, data.length) };
}

/**
 * Decodes a still WebP, lossy or lossless, to straight RGBA. Colour profile and orientation are left to the caller.
 * Throws for animated, damaged and truncated files, and beyond `maxPixels`. The package's libwebp is older than the fix
 * of CVE-2023-4863, so that a hostile file can write anywhere in the decoder's memory: each file, or film of several, has
 * its own.
 */
export async function decodeWebp(
  file: Uint8Array,
  maxPixels = MAX_DECODED_WEBP_PIXELS,
  film: object = {},
): Promise<RgbaImage> {
  await requireSize(file, maxPixels);
  const image = await decoder.runAlone((codec) => decodeWith(codec, file), film);
  await yieldToRequests(image.rgba.length);
  return image;
}

/** Decodes a rendition, which `encodeWebp` or the renderer made, like `decodeWebp` but on the isolate's decoder. */
export async function decodeRendition(file: Uint8Array): Promise<RgbaImage> {
  await requireSize(file, MAX_DECODED_WEBP_PIXELS);
  const image = await decoder.runShared((codec) => decodeWith(codec, file));
  await yieldToRequests(image.rgba.length);
  return image;
}
