/**
 * A PNG on its way through: its picture and its colours stay byte for byte, texts and private chunks are left out and
 * other metadata put in. Unpacks nothing, and holds nothing but its head.
 */
import { asciiAt, viewOf } from "../../inspect/bytes/bytes.ts";
import type { Arriving } from "./streamReader.ts";
import { BrokenPicture, type PictureBytes, type Size } from "./malformedImage.ts";
import type { CarriedMetadata } from "./preservedMetadata.ts";
import { crc32, pngMetadata } from "./pngMetadata.ts";

const SIGNATURE_BYTES = 8;
const HEADER_BYTES = 8;
const CHECKSUM_BYTES = 4;
const IHDR_BYTES = 13;
/** PNG 3 §7.1. */
const LONGEST_CHUNK = 2 ** 31 - 1;
/** Of 8 KiB each, as is usual, the largest file has 12,800; eight million empty ones would take minutes. */
const MAX_CHUNKS = 200_000;

/** Beside the chunks that no decoder may do without: transparency, colour, pixel size, animation. PNG 3 §11.3. */
const keptChunks = new Set(
  "tRNS cHRM gAMA iCCP sBIT sRGB cICP mDCV cLLI bKGD hIST pHYs sPLT acTL fcTL fdAT".split(" "),
);

function isKept(type: string): boolean {
  return /^[A-Z][A-Za-z]{3}$/.test(type) || keptChunks.has(type);
}

/** The first chunk, whole: header, content and checksum. */
async function readHeader(arriving: Arriving, size: Size): Promise<Uint8Array> {
  const chunk = await arriving.take(HEADER_BYTES + IHDR_BYTES + CHECKSUM_BYTES);
  const view = viewOf(chunk);
  if (view.getUint32(0) !== IHDR_BYTES || asciiAt(chunk, 4, 4) !== "IHDR") {
    throw new BrokenPicture("is a PNG that does not begin with its header");
  }
  const checksummed = chunk.subarray(4, HEADER_BYTES + IHDR_BYTES);
  if (crc32(checksummed) !== view.getUint32(HEADER_BYTES + IHDR_BYTES)) {
    throw new BrokenPicture("is a PNG whose header is broken");
  }
  size.width = view.getUint32(HEADER_BYTES);
  size.height = view.getUint32(HEADER_BYTES + 4);
  if (![size.width, size.height].every((side) => side > 0 && side <= LONGEST_CHUNK)) {
    throw new BrokenPicture("does not say how large its picture is");
  }
  return chunk;
}

async function* rewritten(arriving: Arriving, carried: CarriedMetadata, size: Size): AsyncGenerator<Uint8Array> {
  const signature = await arriving.take(SIGNATURE_BYTES);
  const header = await readHeader(arriving, size);
  yield signature;
  yield header;
  yield* pngMetadata(carried, size);
  let hasPicture = false;
  for (let chunks = 1; ; chunks++) {
    if (chunks > MAX_CHUNKS) throw new BrokenPicture("is a PNG of more chunks than any picture needs");
    const head = await arriving.take(HEADER_BYTES);
    const length = viewOf(head).getUint32(0);
    const type = asciiAt(head, 4, 4);
    if (length > LONGEST_CHUNK || !/^[A-Za-z]{4}$/.test(type)) throw new BrokenPicture("is a PNG that is broken");
    if (isKept(type)) {
      yield head;
      yield* arriving.pass(length + CHECKSUM_BYTES);
    } else await arriving.skip(length + CHECKSUM_BYTES);
    hasPicture ||= type === "IDAT" && length > 0;
    if (type === "IEND") break;
  }
  if (!hasPicture) throw new BrokenPicture("is a PNG without a picture");
  await arriving.finish();
}

/** What is wrong with the file comes out of `bytes` as a `BrokenPicture`. */
export function rewritePng(arriving: Arriving, carried: CarriedMetadata): PictureBytes {
  const size = { width: 0, height: 0 };
  return { bytes: rewritten(arriving, carried, size), size };
}
