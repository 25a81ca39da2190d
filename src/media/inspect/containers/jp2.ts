/** Reads JPEG 2000 (ISO/IEC 15444-1): a bare codestream, or boxes with metadata. */
import { type Box, findBox, readBoxContent, readBoxes } from "../bytes/bmffBoxes.ts";
import { asciiAt, viewOf } from "../bytes/bytes.ts";
import type { ByteSource } from "../bytes/byteSource.ts";
import { toExifBlock } from "../exif/exifBlock.ts";
import { type ImageContent, MAX_BLOCK_BYTES } from "./imageContent.ts";

const UUID_BYTES = 16;
const uuids = {
  exif: "JpgTiffExif->JP2",
  xmp: "\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac",
  iptc: "\x33\xc7\xa4\xd2\xb8\x1d\x47\x23\xa0\xba\xf1\xa3\xe0\x97\xad\x38",
} as const;
/** `colr` has three bytes before an ICC profile, which these methods announce. */
const COLOUR_HEADER_BYTES = 3;
const iccMethods = [2, 3];

/** Reads the size, ICC profile, EXIF, XMP and IPTC. */
export async function readJp2(source: ByteSource, content: ImageContent): Promise<void> {
  const start = await source.read(0, 24);
  if (start[0] === 0xff) {
    // The SIZ segment: capabilities, then the reference grid and the offset of the image in it.
    const view = viewOf(start);
    content.rawWidth = view.getUint32(8) - view.getUint32(16);
    content.rawHeight = view.getUint32(12) - view.getUint32(20);
    return;
  }
  for (const box of await readBoxes(source, 0, source.sizeBytes)) {
    if (box.type === "jp2h") await readHeader(source, box, content);
    if (box.type === "uuid") await readUuid(source, box, content);
    if (box.type === "xml ") content.xmp.push((await readBoxContent(source, box, MAX_BLOCK_BYTES)).slice());
  }
}

async function readHeader(source: ByteSource, header: Box, content: ImageContent): Promise<void> {
  const boxes = await readBoxes(source, header.start, header.end);
  const size = findBox(boxes, "ihdr");
  if (size !== undefined) {
    const view = viewOf(await source.read(size.start, 8));
    content.rawHeight = view.getUint32(0);
    content.rawWidth = view.getUint32(4);
  }
  for (const colour of boxes.filter(({ type }) => type === "colr")) {
    const bytes = await readBoxContent(source, colour, MAX_BLOCK_BYTES);
    if (iccMethods.includes(bytes[0] ?? 0)) content.icc ??= bytes.slice(COLOUR_HEADER_BYTES);
  }
}

async function readUuid(source: ByteSource, box: Box, content: ImageContent): Promise<void> {
  const uuid = asciiAt(await source.read(box.start, UUID_BYTES), 0, UUID_BYTES);
  if (!Object.values<string>(uuids).includes(uuid)) return;
  const bytes = (await readBoxContent(source, { ...box, start: box.start + UUID_BYTES }, MAX_BLOCK_BYTES)).slice();
  if (uuid === uuids.exif) content.exif.push(toExifBlock(bytes));
  else if (uuid === uuids.xmp) content.xmp.push(bytes);
  else content.iptc.push(bytes);
}
