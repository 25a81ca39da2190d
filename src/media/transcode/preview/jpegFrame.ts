/** Reads size, coding and orientation from a JPEG header. */
import { asciiAt, viewOf } from "../../inspect/bytes/bytes.ts";
import { type ByteSource, memorySource } from "../../inspect/bytes/byteSource.ts";
import { readDirectory, readIntegers, readTiffHeader } from "../../inspect/tiff/tiffDirectory.ts";

export interface JpegFrame {
  width: number;
  height: number;
  /**
   * True for what browsers decode: Huffman-coded, sequential or progressive, 8 bits. False for the lossless JPEG of
   * sensor data.
   */
  isDisplayable: boolean;
  /** EXIF orientation, 1 to 8; null if missing. */
  orientation: number | null;
}

const MAX_SEGMENTS = 200;
const ORIENTATION_TAG = 0x112;

/** SOF0 to SOF15 except DHT, JPG and DAC; T.81 table B.1. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}

/** Reads the frame header of a JPEG at the start of `source`; null if it is missing or truncated. */
export async function readJpegFrame(source: ByteSource): Promise<JpegFrame | null> {
  const head = await source.read(0, 3);
  if (head[0] !== 0xff || head[1] !== 0xd8 || head[2] !== 0xff) return null;
  let orientation: number | null = null;
  let at = 2;
  for (let count = 0; count < MAX_SEGMENTS; count++) {
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
      orientation ??= await readOrientation(memorySource(await source.read(at + 10, length - 8)));
    }
    // Fill bytes may precede a marker.
    at += marker === 0xff ? 1 : 2 + length;
  }
  return null;
}

async function readOrientation(exif: ByteSource): Promise<number | null> {
  const header = await readTiffHeader(exif);
  const directory = header && (await readDirectory(exif, header.firstDirectory, header));
  if (header === null || directory === null) return null;
  const [value] = await readIntegers(exif, directory.entries.get(ORIENTATION_TAG), header.littleEndian, 1);
  return value !== undefined && value >= 1 && value <= 8 ? value : null;
}
