/** JPEG XL: the size at the head of the codestream, bare or in boxes, and the boxes with EXIF and XMP. */
import { type Box, boxesIn } from "../bytes/bmffBoxes.ts";
import { asciiAt, concatenated, unbrotlied, viewOf } from "../bytes/bytes.ts";
import type { ByteSource } from "../bytes/byteSource.ts";
import { exifBlock } from "../exif/exifBlock.ts";
import { type StillContent, longestBlockBytes } from "./imageContent.ts";

const headBytes = 64;

/** Width over height for the ratios 1 to 7 that the header can name instead of a width. */
const ratios: [number, number][] = [
  [1, 1],
  [12, 10],
  [4, 3],
  [3, 2],
  [16, 9],
  [5, 4],
  [2, 1],
];

export async function readJxl(source: ByteSource, content: StillContent): Promise<void> {
  const start = await source.read(0, headBytes);
  if (start[0] === 0xff) {
    readCodestream(start, content);
    return;
  }
  const partial: Uint8Array[] = [];
  for (const box of await boxesIn(source, 0, source.sizeBytes)) {
    const sizeBytes = box.end - box.start;
    if (box.type === "jxlc") readCodestream(await source.read(box.start, headBytes), content);
    if (box.type === "jxlp") partial.push(await source.read(box.start + 4, Math.min(sizeBytes - 4, headBytes)));
    if (["xml ", "Exif", "brob"].includes(box.type) && sizeBytes <= longestBlockBytes) {
      await readMetadataBox(source, box, content);
    }
  }
  if (partial.length > 0) readCodestream(concatenated(partial), content);
}

/** A "brob" box is one of the others in Brotli: cjxl writes them so. */
async function readMetadataBox(source: ByteSource, box: Box, content: StillContent): Promise<void> {
  const isPacked = box.type === "brob";
  const held = (await source.read(box.start, box.end - box.start)).slice();
  const type = isPacked ? asciiAt(held, 0, 4) : box.type;
  if (type !== "xml " && type !== "Exif") return;
  const bytes = isPacked ? await unbrotlied(held.subarray(4), longestBlockBytes) : held;
  if (bytes === null) return;
  if (type === "xml ") content.xmp.push(bytes);
  else if (bytes.length > 4) content.tiff.push(exifBlock(bytes, 4 + viewOf(bytes).getUint32(0)));
}

/** SizeHeader and the first fields of ImageMetadata (ISO 18181-1): bits, the lowest of each byte first. */
function readCodestream(bytes: Uint8Array, content: StillContent): void {
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
  const ratio = ratios[take(3) - 1];
  content.rawHeight = height;
  content.rawWidth = ratio === undefined ? side() : Math.floor((height * ratio[0]) / ratio[1]);
  const isDefault = take(1) === 1;
  const hasExtraFields = !isDefault && take(1) === 1;
  content.swapsAxes = hasExtraFields && take(3) + 1 >= 5;
}
