import { type Box, readBoxes } from "../bytes/bmffBoxes.ts";
import { asciiAt, concat, viewOf } from "../bytes/bytes.ts";
import { decompressBrotliBlock } from "../bytes/decompression.ts";
import type { ByteSource } from "../bytes/byteSource.ts";
import { toExifBlock } from "../exif/exifBlock.ts";
import { type ImageContent, MAX_BLOCK_BYTES } from "./imageContent.ts";

const CODESTREAM_HEADER_BYTES = 64;

/** Width and height for the ratio codes 1 to 7, which replace an explicit width. */
const aspectRatios: [number, number][] = [
  [1, 1],
  [12, 10],
  [4, 3],
  [3, 2],
  [16, 9],
  [5, 4],
  [2, 1],
];

/** Reads the size of a JPEG XL codestream, bare or in boxes, and the EXIF and XMP boxes (ISO/IEC 18181-1, -2). */
export async function readJxl(source: ByteSource, content: ImageContent): Promise<void> {
  const start = await source.read(0, CODESTREAM_HEADER_BYTES);
  if (start[0] === 0xff) {
    readCodestream(start, content);
    return;
  }
  const partial: Uint8Array[] = [];
  for (const box of await readBoxes(source, 0, source.sizeBytes)) {
    const sizeBytes = box.end - box.start;
    if (box.type === "jxlc") readCodestream(await source.read(box.start, CODESTREAM_HEADER_BYTES), content);
    if (box.type === "jxlp")
      partial.push(await source.read(box.start + 4, Math.min(sizeBytes - 4, CODESTREAM_HEADER_BYTES)));
    if (["xml ", "Exif", "brob"].includes(box.type) && sizeBytes <= MAX_BLOCK_BYTES) {
      await readMetadataBox(source, box, content);
    }
  }
  if (partial.length > 0) readCodestream(concat(partial), content);
}

/** A "brob" box is a Brotli-compressed box, as cjxl writes it. */
async function readMetadataBox(source: ByteSource, box: Box, content: ImageContent): Promise<void> {
  const isCompressed = box.type === "brob";
  const stored = (await source.read(box.start, box.end - box.start)).slice();
  const type = isCompressed ? asciiAt(stored, 0, 4) : box.type;
  if (type !== "xml " && type !== "Exif") return;
  const bytes = isCompressed
    ? await decompressBrotliBlock(stored.subarray(4), MAX_BLOCK_BYTES, content.budget)
    : stored;
  if (bytes === null) return;
  if (type === "xml ") content.xmp.push(bytes);
  else if (bytes.length > 4) content.exif.push(toExifBlock(bytes, 4 + viewOf(bytes).getUint32(0)));
}

/** Parses SizeHeader and the first fields of ImageMetadata: bit fields, least significant bit first. */
function readCodestream(bytes: Uint8Array, content: ImageContent): void {
  let bit = 16;
  const take = (count: number): number => {
    let value = 0;
    for (let i = 0; i < count; i++, bit++) {
      value += (((bytes[bit >> 3] ?? 0) >> (bit & 7)) & 1) * 2 ** i;
    }
    return value;
  };
  if (bytes[0] !== 0xff || bytes[1] !== 0x0a) return;
  const isSmall = take(1) === 1;
  const side = () => (isSmall ? 8 * (1 + take(5)) : 1 + take([9, 13, 18, 30][take(2)] ?? 9));
  const height = side();
  const ratio = aspectRatios[take(3) - 1];
  content.rawHeight = height;
  content.rawWidth = ratio === undefined ? side() : Math.floor((height * ratio[0]) / ratio[1]);
  const isDefault = take(1) === 1;
  const hasExtraFields = !isDefault && take(1) === 1;
  content.swapsAxes = hasExtraFields && take(3) + 1 >= 5;
}
