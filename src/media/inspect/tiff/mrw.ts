import { subSource } from "../bytes/boundedSource.ts";
import { asciiAt, viewOf } from "../bytes/bytes.ts";
import type { ByteSource } from "../bytes/byteSource.ts";
import type { ImageContent } from "../containers/imageContent.ts";

const HEADER_BYTES = 8;
const MAX_BLOCKS = 32;

/** Reads a Minolta MRW: blocks of a name, a length and content; `TTW` is a TIFF with EXIF, `PRD` has the image size. */
export async function readMrw(source: ByteSource, content: ImageContent): Promise<void> {
  const end = HEADER_BYTES + viewOf(await source.read(4, 4)).getUint32(0);
  let at = HEADER_BYTES;
  for (let i = 0; i < MAX_BLOCKS && at + HEADER_BYTES <= end; i++) {
    const head = await source.read(at, HEADER_BYTES);
    const sizeBytes = viewOf(head).getUint32(4);
    const name = asciiAt(head, 1, 3);
    if (name === "TTW")
      content.exif.push({ source: subSource(source, at + HEADER_BYTES, sizeBytes), firstDirectory: "image" });
    if (name === "PRD") {
      // A version of eight bytes and the sensor's height and width precede the image's.
      const view = viewOf(await source.read(at + HEADER_BYTES + 12, 4));
      content.rawHeight = view.getUint16(0);
      content.rawWidth = view.getUint16(2);
    }
    at += HEADER_BYTES + sizeBytes;
  }
}
