/** What a reader learns of each strategy of proxyStrategies.ts, by the name of its function. */
import { MAX_COMPOSED_PIXELS } from "../../src/media/transcode/animation/visibleFrame.ts";
import { MAX_AV1_PIXELS } from "../../src/media/transcode/av1/decodeAv1Frame.ts";
import { MAX_HEIC_TILE_PIXELS } from "../../src/media/transcode/heif/heicToJpeg.ts";
import { MAX_DECODED_PIXELS } from "../../src/media/transcode/jpeg/encodedJpeg.ts";
import { MAX_REQUANTIZED_PIXELS } from "../../src/media/transcode/jpeg/jpegRequantizer.ts";
import { MAX_JXL_BYTES, MAX_JXL_PIXELS } from "../../src/media/transcode/jxl/jxlToJpeg.ts";
import { MAX_PROXY_BYTES } from "../../src/operations/delivery/scaled/proxyJpeg.ts";
import { formatValue } from "../limits/entry.ts";

export interface StrategyText {
  way: string;
  limits: string;
}

const proxyBytes = formatValue(MAX_PROXY_BYTES, "bytes");
const decoded = formatValue(MAX_DECODED_PIXELS, "pixels");
const requantized = formatValue(MAX_REQUANTIZED_PIXELS, "pixels");
const composed = formatValue(MAX_COMPOSED_PIXELS, "pixels");
const av1Tile = formatValue(MAX_AV1_PIXELS, "pixels");
const heicTile = formatValue(MAX_HEIC_TILE_PIXELS, "pixels");
const jxl = `${formatValue(MAX_JXL_PIXELS, "pixels")}, ${formatValue(MAX_JXL_BYTES, "bytes")}`;

export const strategyTexts: Partial<Record<string, StrategyText>> = {
  withCloudflareImages: { way: "converted by Cloudflare Images", limits: proxyBytes },
  withLibheif: {
    way: "decoded in the Worker, HDR as SDR",
    limits: `${decoded}; one tile: ${heicTile} of HEIC, ${av1Tile} of AVIF`,
  },
  withJxlDecoder: { way: "decoded in the Worker, HDR as SDR", limits: jxl },
  withTiffDecoder: { way: "decoded in the Worker", limits: decoded },
  withBmpDecoder: { way: "decoded in the Worker", limits: decoded },
  withPngDecoder: { way: "decoded in the Worker, damaged files as far as they go", limits: decoded },
  withGifDecoder: {
    way: "decoded in the Worker: the first frame that isn't blank",
    limits: `${decoded}; above ${composed} the first frame`,
  },
  withWebpDecoder: {
    way: "animations: the first frame that isn't blank, decoded in the Worker",
    limits: composed,
  },
  withJpegRequantizer: { way: "baseline: compressed again without decoding", limits: requantized },
  withJpegDecoder: {
    way: "progressive or damaged: decoded in the Worker, damaged files as far as they go",
    limits: `${decoded}; with fewer pixels where memory requires it`,
  },
  withEmbeddedJpeg: { way: "the largest JPEG in the file", limits: proxyBytes },
  unsupported: { way: "none: no decoder", limits: "" },
};
