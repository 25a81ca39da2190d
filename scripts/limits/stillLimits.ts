/** Limits of decoders of stills, as part of fileLimits.ts. */
import * as decodeAv1Frame from "../../src/media/transcode/av1/decodeAv1Frame.ts";
import * as decoderMemory from "../../src/media/transcode/decoderMemory.ts";
import * as avifImage from "../../src/media/transcode/heif/avifImage.ts";
import * as heicToJpeg from "../../src/media/transcode/heif/heicToJpeg.ts";
import * as jxlToJpeg from "../../src/media/transcode/jxl/jxlToJpeg.ts";
import * as decodeScaledWebp from "../../src/media/transcode/scaled/decodeScaledWebp.ts";
import { limit, type Limit } from "./entry.ts";

const REASON = "no picture; the task has the reason";

const RENDERED = "Cloudflare Images decodes it";

export const stillLimits: Limit[] = [
  limit(decodeScaledWebp, "MAX_SCALED_WEBP_PIXELS", "pixels", "WebP original that the Worker decodes itself", RENDERED),
  limit(
    decodeScaledWebp,
    "MAX_SCALED_WEBP_FILE_BYTES",
    "bytes",
    "WebP original that the Worker decodes itself",
    RENDERED,
  ),
  limit(
    decodeScaledWebp,
    "MAX_SCALED_WEBP_BYTES",
    "bytes",
    "memory to decode a WebP original, its file included",
    RENDERED,
  ),
  limit(decodeAv1Frame, "MAX_AV1_PIXELS", "pixels", "AVIF, or one tile of it, and a frame of an AV1 film", REASON),
  limit(avifImage, "MAX_AVIF_TILES", "items", "tiles of an AVIF", REASON),
  limit(heicToJpeg, "MAX_HEIC_TILE_PIXELS", "pixels", "one tile of a HEIC image", REASON),
  limit(jxlToJpeg, "MAX_JXL_PIXELS", "pixels", "JPEG XL", REASON),
  limit(jxlToJpeg, "MAX_JXL_BYTES", "bytes", "file of a JPEG XL", REASON),
  limit(
    decoderMemory,
    "MAX_WHOLE_IMAGE_BYTES",
    "bytes",
    "memory to decode an AVIF, a JPEG XL or a HEIC of one tile, its file included",
    REASON,
  ),
];
