/**
 * Replaces the metadata of a PNG while it streams: pixels and colour chunks stay byte for byte, text and private chunks
 * are dropped. Buffers only the header.
 */
import { asciiAt, concat, viewOf } from "../../inspect/bytes/bytes.ts";
import type { StreamReader } from "./streamReader.ts";
import { MalformedImageError, type RewrittenBytes, type ImageSize } from "./malformedImage.ts";
import type { PreservedMetadata } from "./preservedMetadata.ts";
import { writePreservedExif } from "./preservedExif.ts";
import { photoshopResource } from "./jpegMetadata.ts";

const SIGNATURE_BYTES = 8;
const HEADER_BYTES = 8;
const CHECKSUM_BYTES = 4;
const IHDR_BYTES = 13;
/** PNG 3 §7.1. */
const MAX_CHUNK_BYTES = 2 ** 31 - 1;
/** A 100 MB file has 12,800 chunks of the usual 8 KiB; eight million empty ones would take minutes. */
const MAX_CHUNKS = 200_000;

/** Ancillary chunks to keep: transparency, colour, pixel size, animation; PNG 3 §11.3. Critical chunks are kept too. */
const keptChunks = new Set(
  "tRNS cHRM gAMA iCCP sBIT sRGB cICP mDCV cLLI bKGD hIST pHYs sPLT acTL fcTL fdAT".split(" "),
);

function isKept(type: string): boolean {
  return /^[A-Z][A-Za-z]{3}$/.test(type) || keptChunks.has(type);
}

/** PNG 3 annex D. */
const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crcTable[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** Builds a chunk with its checksum. */
export function createChunk(type: string, content: Uint8Array): Uint8Array {
  const whole = new Uint8Array(12 + content.length);
  const view = viewOf(whole);
  view.setUint32(0, content.length);
  whole.set(new TextEncoder().encode(type), 4);
  whole.set(content, 8);
  view.setUint32(8 + content.length, crc32(whole.subarray(4, 8 + content.length)));
  return whole;
}

/** Keyword, uncompressed, empty language and translated keyword. */
const XMP_PREFIX = new TextEncoder().encode("XML:com.adobe.xmp\0\0\0\0\0");

/** PNG lacks an IPTC chunk; readers know ImageMagick's hexadecimal text profile. */
function rawProfile(iptc: Uint8Array): Uint8Array {
  const resource = photoshopResource(iptc);
  const digits = Array.from(resource, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const lines = digits.replaceAll(/.{72}/g, "$&\n");
  const length = String(resource.length).padStart(8, " ");
  return new TextEncoder().encode(`Raw profile type iptc\0\niptc\n${length}\n${lines}\n`);
}

function metadataChunks({ exif, xmp, iptc }: PreservedMetadata, size: ImageSize): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  if (exif !== null) chunks.push(createChunk("eXIf", writePreservedExif(exif, size)));
  if (xmp !== null) chunks.push(createChunk("iTXt", concat([XMP_PREFIX, xmp])));
  if (iptc !== null) chunks.push(createChunk("tEXt", rawProfile(iptc)));
  return chunks;
}

/** Reads the IHDR chunk: header, content and CRC. */
async function readHeader(reader: StreamReader, size: ImageSize): Promise<Uint8Array> {
  const chunk = await reader.read(HEADER_BYTES + IHDR_BYTES + CHECKSUM_BYTES);
  const view = viewOf(chunk);
  if (view.getUint32(0) !== IHDR_BYTES || asciiAt(chunk, 4, 4) !== "IHDR") {
    throw new MalformedImageError("is a PNG without a valid header chunk");
  }
  const checksummed = chunk.subarray(4, HEADER_BYTES + IHDR_BYTES);
  if (crc32(checksummed) !== view.getUint32(HEADER_BYTES + IHDR_BYTES)) {
    throw new MalformedImageError("is a PNG with a damaged header");
  }
  size.width = view.getUint32(HEADER_BYTES);
  size.height = view.getUint32(HEADER_BYTES + 4);
  if (![size.width, size.height].every((side) => side > 0 && side <= MAX_CHUNK_BYTES)) {
    throw new MalformedImageError("has no image dimensions");
  }
  return chunk;
}

async function* rewrittenChunks(
  reader: StreamReader,
  metadata: PreservedMetadata,
  size: ImageSize,
): AsyncGenerator<Uint8Array> {
  const signature = await reader.read(SIGNATURE_BYTES);
  const header = await readHeader(reader, size);
  yield signature;
  yield header;
  yield* metadataChunks(metadata, size);
  let hasPixels = false;
  for (let chunks = 1; ; chunks++) {
    if (chunks > MAX_CHUNKS) throw new MalformedImageError("has too many PNG chunks");
    const head = await reader.read(HEADER_BYTES);
    const length = viewOf(head).getUint32(0);
    const type = asciiAt(head, 4, 4);
    if (length > MAX_CHUNK_BYTES || !/^[A-Za-z]{4}$/.test(type)) throw new MalformedImageError("is a damaged PNG");
    if (isKept(type)) {
      yield head;
      yield* reader.readChunks(length + CHECKSUM_BYTES);
    } else await reader.skip(length + CHECKSUM_BYTES);
    hasPixels ||= type === "IDAT" && length > 0;
    if (type === "IEND") break;
  }
  if (!hasPixels) throw new MalformedImageError("is a PNG without image data");
  await reader.discardRest();
}

/** Rewrites a PNG. Iterating `bytes` throws `MalformedImageError` for a damaged file. */
export function rewritePng(reader: StreamReader, metadata: PreservedMetadata): RewrittenBytes {
  const size = { width: 0, height: 0 };
  return { bytes: rewrittenChunks(reader, metadata, size), size };
}
