import type { RgbaImage } from "../rgbaImage.ts";
import { yieldToRequests } from "../yieldToRequests.ts";
import { isolateCodec } from "./codecInstance.ts";

/** Pixels of an image that is encoded at once: 33 MB of WebAssembly memory. Variants have 2.1 million at most. */
export const MAX_ENCODED_WEBP_PIXELS = 3 * 1000 * 1000;
/** WebAssembly memory of the encoder. 1440 × 1440 opaque pixels take 23 MB; 1440 × 1080 with transparency 42 MB. */
export const MAX_WEBP_ENCODER_BYTES = 48 * 1024 * 1024;
/** Compressing the transparency of more pixels needs more memory than the encoder has: they store a byte each. */
export const MAX_COMPRESSED_ALPHA_PIXELS = 1440 * 1080;

/**
 * Effort from 0 to 6. Measured on photos of 1440 pixels at quality 80: method 2 takes 47 % of the time of method 4
 * (libwebp's default), and 1 to 2 % more bytes.
 */
const METHOD = 2;

/** The fields of libwebp's `WebPConfig`; all but three have its defaults. */
function encoderConfig(quality: number, isAlphaCompressed: boolean): Record<string, number> {
  return {
    quality,
    method: METHOD,
    alpha_compression: isAlphaCompressed ? 1 : 0,
    // Predictive filters would need 11 MB more for 1440 × 1080 pixels.
    alpha_filtering: 0,
    alpha_quality: 100,
    target_size: 0,
    target_PSNR: 0,
    sns_strength: 50,
    filter_strength: 60,
    filter_sharpness: 0,
    filter_type: 1,
    partitions: 0,
    segments: 4,
    pass: 1,
    show_compressed: 0,
    preprocessing: 0,
    autofilter: 0,
    partition_limit: 0,
    lossless: 0,
    exact: 0,
    image_hint: 0,
    emulate_jpeg_size: 0,
    thread_level: 0,
    low_memory: 0,
    near_lossless: 100,
    use_delta_palette: 0,
    use_sharp_yuv: 0,
  };
}

/** The modules load with the first image, so that requests without one don't wait for them. */
const encoder = isolateCodec(async () => {
  const [script, wasm] = await Promise.all([
    import("@jsquash/webp/codec/enc/webp_enc_simd.js"),
    import("@jsquash/webp/codec/enc/webp_enc_simd.wasm"),
  ]);
  return { create: script.default, wasm: wasm.default };
}, MAX_WEBP_ENCODER_BYTES);

/**
 * Encodes lossy WebP with libwebp; `quality` from 0 to 100. Transparency is kept without loss. Throws beyond
 * `MAX_ENCODED_WEBP_PIXELS`.
 */
export async function encodeWebp(image: RgbaImage, { quality }: { quality: number }): Promise<Uint8Array> {
  const { width, height, rgba } = image;
  const pixels = width * height;
  if (pixels < 1 || pixels > MAX_ENCODED_WEBP_PIXELS)
    throw new Error(`an image of ${width} × ${height} pixels can't be encoded as WebP`);
  const config = encoderConfig(quality, pixels <= MAX_COMPRESSED_ALPHA_PIXELS);
  const file = await encoder.runShared((codec) => {
    const encoded = codec.encode(rgba, width, height, config);
    if (!(encoded instanceof Uint8Array)) throw new Error("the WebP encoder failed");
    return encoded;
  });
  await yieldToRequests(rgba.length);
  return file;
}
