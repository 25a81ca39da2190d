import { type Box, readBoxes, findBox } from "../bytes/bmffBoxes.ts";
import { subSource } from "../bytes/boundedSource.ts";
import { asciiAt } from "../bytes/bytes.ts";
import type { ByteSource } from "../bytes/byteSource.ts";
import { readDirectory, readIntegers, readTiffHeader } from "./tiffDirectory.ts";
import { type ImageContent, type ExifBlock, MAX_BLOCK_BYTES } from "../containers/imageContent.ts";

/** UUID types of Canon's box inside `moov`, and of the top-level box with the XMP packet. */
const CANON_UUID = "\x85\xc0\xb6\x87\x82\x0f\x11\xe0\x81\x11\xf4\xce\x46\x2b\x6a\x48";
const XMP_UUID = "\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac";

const directories: [string, ExifBlock["firstDirectory"]][] = [
  ["CMT1", "image"],
  ["CMT2", "exif"],
  ["CMT4", "gps"],
];

/** Reads a Canon CR3: an ISO base media file with each EXIF directory as a separate TIFF structure. */
export async function readCr3(source: ByteSource, content: ImageContent): Promise<void> {
  const top = await readBoxes(source, 0, source.sizeBytes);
  const moov = findBox(top, "moov");
  const inner = moov === undefined ? [] : await readBoxes(source, moov.start, moov.end);
  const canon = await uuidBox(source, inner, CANON_UUID);
  const boxes = canon === null ? [] : await readBoxes(source, canon.start + 16, canon.end);
  for (const [type, firstDirectory] of directories) {
    const box = findBox(boxes, type);
    if (box === undefined) continue;
    const block = subSource(source, box.start, box.end - box.start);
    content.exif.push({ source: block, firstDirectory });
    if (type === "CMT1") await readSize(block, content);
  }
  const xmp = await uuidBox(source, top, XMP_UUID);
  if (xmp !== null && xmp.end - xmp.start <= MAX_BLOCK_BYTES) {
    content.xmp.push(await source.read(xmp.start + 16, xmp.end - xmp.start - 16));
  }
}

async function uuidBox(source: ByteSource, boxes: Box[], uuid: string): Promise<Box | null> {
  for (const box of boxes) {
    if (box.type === "uuid" && asciiAt(await source.read(box.start, 16), 0, 16) === uuid) return box;
  }
  return null;
}

async function readSize(block: ByteSource, content: ImageContent): Promise<void> {
  const header = await readTiffHeader(block);
  const directory = header && (await readDirectory(block, header.firstDirectory, header));
  if (header === null || directory === null) return;
  const number = async (tag: number) =>
    (await readIntegers(block, directory.entries.get(tag), header.littleEndian, 1))[0] ?? 0;
  content.rawWidth = await number(0x100);
  content.rawHeight = await number(0x101);
}
