import type { RgbaImage } from "../rgbaImage.ts";

/** A small upright sRGB image, or the reason why Cloudflare Images has to make it. */
export type ScaledImage =
  | {
      kind: "image";
      image: RgbaImage;
      /** Most memory that the decoder's buffers took; see `MAX_DECODER_BYTES`. */
      peakBytes: number;
      /** What a damaged file lacks; null for a whole image. */
      damage: string | null;
    }
  | { kind: "unsupported"; reason: string };
