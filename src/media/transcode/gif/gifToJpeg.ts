/** Converts the first frame of a GIF too large to compose to a JPEG of the same size, row by row. */
import type { ByteSource } from "../../inspect/bytes/byteSource.ts";
import { decoderMemory } from "../decoderMemory.ts";
import { forwardReader } from "../forwardReader.ts";
import { requireConvertibleSize, TruncatedFileError, type EncodedJpeg, type JpegLimits } from "../jpeg/encodedJpeg.ts";
import { encodedJpeg } from "../jpeg/jpegEncoder.ts";
import type { Size } from "../resize/scaledSize.ts";
import { acceptDamage } from "../scaled/imageDamage.ts";
import { encoderWithSink, type OpenRowSink } from "../scaled/rowSink.ts";
import { openGif, storedRowOrder, type GifFrame, type GifReader } from "./gifReader.ts";
import type { UseIndexes } from "./lzwRows.ts";

const GIF_DAMAGED = "the GIF is truncated or damaged";
/** Rows of the frame that are missing. */
const GREY = 128;
/** Tables of the decoder. */
const TABLE_BYTES = 64 * 1024;

/** Writes a row of the screen: the frame's colours, white around it and where it is transparent. */
function fillRow(rgb: Uint8Array, { left, width, palette }: GifFrame, indexes: Uint8Array): void {
  rgb.fill(255);
  const end = Math.min(left + width, rgb.length / 3);
  for (let x = left; x < end; x++) {
    const colour = palette[indexes[x - left] ?? 0] ?? 0;
    if (colour === 0) continue;
    rgb[x * 3] = colour & 0xff;
    rgb[x * 3 + 1] = (colour >> 8) & 0xff;
    rgb[x * 3 + 2] = (colour >> 16) & 0xff;
  }
}

/** Passes the rows of an interlaced frame on from the top. Returns how many there are. */
async function passInOrder(gif: GifReader, frame: GifFrame, use: UseIndexes): Promise<void> {
  const { width, height } = frame;
  const rowAt = storedRowOrder(frame);
  const indexes = new Uint8Array(width * height);
  let stored = 0;
  await gif.readRows((row) => indexes.set(row, rowAt(stored++) * width));
  if (stored < height) throw new TruncatedFileError(GIF_DAMAGED);
  for (let y = 0; y < height; y++) use(indexes.subarray(y * width, (y + 1) * width));
}

/** As in browsers, the logical screen grows to the first frame. */
function screenSize(gif: Size, { left, top, width, height }: GifFrame): Size {
  return { width: Math.max(gif.width, left + width), height: Math.max(gif.height, top + height) };
}

/**
 * Composites transparency on white. A damaged file is shown as far as it goes, and `damage` describes it. Throws for
 * oversized GIFs, and for damaged interlaced ones. `openSink` gets the same rows.
 */
export async function gifToJpeg(
  source: ByteSource,
  limits: JpegLimits,
  openSink?: OpenRowSink,
): Promise<EncodedJpeg & { damage: string | null }> {
  const memory = decoderMemory();
  const gif = await openGif(forwardReader(source, memory));
  const frame = await gif.nextFrame();
  if (frame === null) throw new TruncatedFileError(GIF_DAMAGED);
  const { width, height } = screenSize(gif, frame);
  requireConvertibleSize(width, height, "GIF");
  memory.hold("gif", TABLE_BYTES + width * 3 + (frame.isInterlaced ? frame.width * frame.height : frame.width));
  const encoder = encoderWithSink({ width, height, ...limits, orientation: 1, icc: null, memory }, openSink);
  const rgb = new Uint8Array(width * 3);
  const addRows = (count: number, value: number) => {
    rgb.fill(value);
    for (let row = 0; row < count; row++) encoder.addRow(rgb, 0);
  };
  addRows(frame.top, 255);
  let rows = 0;
  const use: UseIndexes = (indexes) => {
    fillRow(rgb, frame, indexes);
    encoder.addRow(rgb, 0);
    rows++;
  };
  if (frame.isInterlaced) await passInOrder(gif, frame, use);
  else await gif.readRows(use);
  const missing = frame.height === 0 ? 0 : (frame.height - rows) / frame.height;
  const damage = acceptDamage({ missing, isCorrupt: false, lacksDetail: false }, GIF_DAMAGED);
  addRows(frame.height - rows, GREY);
  addRows(height - frame.top - frame.height, 255);
  return { ...encodedJpeg(encoder, { width, height, memory }), damage };
}
