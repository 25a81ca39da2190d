/** Encodes display proxies as JPEGs that the renderer reads, and decodes the preview in the same pass. */
import { JpegTooLargeError, type EncodedJpeg, type JpegLimits } from "../../../media/transcode/jpeg/encodedJpeg.ts";
import type { RgbaImage } from "../../../media/transcode/rgbaImage.ts";
import type { OpenRowSink } from "../../../media/transcode/scaled/rowSink.ts";
import { scaledRows } from "../../../media/transcode/scaled/scaledRows.ts";
import type { Context } from "../../context.ts";
import { VARIANT_EDGES_PX } from "../variants.ts";

/** Input limit of the Cloudflare Images binding, which must be able to read the proxy. */
export const MAX_PROXY_BYTES = 20 * 1024 * 1024;
/** Visually lossless, then lower if the JPEG would exceed the renderer's limit. */
const QUALITIES = [90, 60];

/** Encodes with the first of `qualities`, from the highest, whose JPEG is within the limit. */
export async function encodeWithinLimit<T extends EncodedJpeg>(
  qualities: number[],
  encode: (limits: JpegLimits) => Promise<T>,
): Promise<T> {
  const [quality = 50, ...lower] = qualities;
  try {
    return await encode({ quality, maxBytes: MAX_PROXY_BYTES });
  } catch (error) {
    if (!(error instanceof JpegTooLargeError) || lower.length === 0) throw error;
    return await encodeWithinLimit(lower, encode);
  }
}

/**
 * Decodes to a JPEG and, in the same pass, to the upright preview. The preview is null for unsupported colour profiles
 * and on the Workers Free plan, which has no CPU to encode it. `orientation` is that of formats without their own.
 */
export async function decodeToJpeg<T extends EncodedJpeg>(
  { config }: Context,
  decode: (limits: JpegLimits, openSink?: OpenRowSink) => Promise<T>,
  orientation?: number,
): Promise<{ jpeg: T; scaled: RgbaImage | null }> {
  if (config.workersPlan === "free") {
    return { jpeg: await encodeWithinLimit(QUALITIES, async (limits) => await decode(limits)), scaled: null };
  }
  const rows = scaledRows(VARIANT_EDGES_PX.preview, orientation);
  const jpeg = await encodeWithinLimit(QUALITIES, async (limits) => await decode(limits, rows.openSink));
  const scaled = rows.finish();
  return { jpeg, scaled: scaled.kind === "image" ? scaled.image : null };
}
