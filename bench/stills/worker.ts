/** Converts the still in a request's body to a JPEG and a preview, as often as `rounds` says. */
import { avifToJpeg } from "../../src/media/transcode/heif/avifToJpeg.ts";
import { heicToJpeg } from "../../src/media/transcode/heif/heicToJpeg.ts";
import { JpegTooLargeError } from "../../src/media/transcode/jpeg/encodedJpeg.ts";
import { jxlToJpeg } from "../../src/media/transcode/jxl/jxlToJpeg.ts";
import { scaledRows } from "../../src/media/transcode/scaled/scaledRows.ts";
import { VARIANT_EDGES_PX } from "../../src/operations/delivery/variants.ts";

/** As display proxies have them. */
const QUALITIES = [90, 60];
const MAX_BYTES = 20 * 1024 * 1024;
const decoders = new Map([
  ["avif", avifToJpeg],
  ["heic", heicToJpeg],
  ["jxl", jxlToJpeg],
]);

interface Figures {
  heapBytes: number;
  peakBytes: number;
}

async function convert(format: string, file: Uint8Array, [quality = 50, ...lower] = QUALITIES): Promise<Figures> {
  const decode = decoders.get(format);
  if (decode === undefined) throw new Error(`no decoder of ${format}`);
  const rows = scaledRows(VARIANT_EDGES_PX.preview);
  try {
    const { heapBytes, peakBytes } = await decode(file, { quality, maxBytes: MAX_BYTES }, rows.openSink);
    const preview = rows.finish();
    if (preview.kind !== "image") throw new Error(preview.reason);
    return { heapBytes, peakBytes };
  } catch (error) {
    if (!(error instanceof JpegTooLargeError) || lower.length === 0) throw error;
    return await convert(format, file, lower);
  }
}

export default {
  fetch: async (request) => {
    const { searchParams } = new URL(request.url);
    const rounds = Number(searchParams.get("rounds") ?? 0);
    const file = new Uint8Array(await request.arrayBuffer());
    try {
      let figures = { heapBytes: 0, peakBytes: 0 };
      for (let round = 0; round < rounds; round++) figures = await convert(searchParams.get("format") ?? "", file);
      return Response.json(figures);
    } catch (error) {
      return Response.json({ reason: error instanceof Error ? error.message : String(error) });
    }
  },
} satisfies ExportedHandler;
