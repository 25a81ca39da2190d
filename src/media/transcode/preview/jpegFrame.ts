/** What the head of a JPEG says of the picture in it: size, coding, turn. Decodes nothing. */
import { asciiAt, viewOf } from "../../inspect/bytes/bytes.ts";
import { type ByteSource, memorySource } from "../../inspect/bytes/byteSource.ts";
import { readDirectory, readIntegers, readTiffHeader } from "../../inspect/tiff/tiffDirectory.ts";

export interface JpegFrame {
  width: number;
  height: number;
  /** What a browser decodes: Huffman-coded, sequential or progressive, 8 bits. A raw sensor's lossless JPEG is not. */
  isDisplayable: boolean;
  /** EXIF's 1 to 8; null where the JPEG says nothing of it. */
  orientation: number | null;
}

const mostSegments = 200;
const orientationTag = 0x112;

/** SOF0 to SOF15 without the three numbers that mean something else, T.81 table B.1. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}

/** Null where there is no JPEG, or its head is cut short. `source` begins with the JPEG. */
export async function readJpegFrame(source: ByteSource): Promise<JpegFrame | null> {
  const head = await source.read(0, 3);
  if (head[0] !== 0xff || head[1] !== 0xd8 || head[2] !== 0xff) return null;
  let orientation: number | null = null;
  let at = 2;
  for (let count = 0; count < mostSegments; count++) {
    const bytes = await source.read(at, 20);
    const marker = bytes[1] ?? 0;
    if (bytes.length < 10 || bytes[0] !== 0xff || marker === 0xda) return null;
    const length = viewOf(bytes).getUint16(2);
    if (isFrame(marker)) {
      const [height, width] = [viewOf(bytes).getUint16(5), viewOf(bytes).getUint16(7)];
      const isDisplayable = marker <= 0xc2 && bytes[4] === 8 && width > 0 && height > 0;
      return { width, height, isDisplayable, orientation };
    }
    if (marker === 0xe1 && asciiAt(bytes, 4, 6) === "Exif\0\0") {
      orientation ??= await orientationIn(memorySource(await source.read(at + 10, length - 8)));
    }
    // Fill bytes may precede a marker.
    at += marker === 0xff ? 1 : 2 + length;
  }
  return null;
}

async function orientationIn(exif: ByteSource): Promise<number | null> {
  const header = await readTiffHeader(exif);
  const directory = header && (await readDirectory(exif, header.firstDirectory, header));
  if (header === null || directory === null) return null;
  const [value] = await readIntegers(exif, directory.entries.get(orientationTag), header.littleEndian, 1);
  return value !== undefined && value >= 1 && value <= 8 ? value : null;
}
