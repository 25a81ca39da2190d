import { subSource } from "../bytes/boundedSource.ts";
import { viewOf } from "../bytes/bytes.ts";
import type { ByteSource } from "../bytes/byteSource.ts";
import { readJpeg } from "../containers/jpeg/jpeg.ts";
import type { ImageContent } from "../containers/imageContent.ts";

const FULL_SIZE_TAG = 0x100;
/** RawImageCroppedSize: the part of the sensor in the developed image. */
const CROPPED_SIZE_TAG = 0x111;
const MAX_RECORDS = 256;

/** Reads a Fujifilm RAF: a JPEG with the metadata, and a directory with the size of the raw image. */
export async function readRaf(source: ByteSource, content: ImageContent): Promise<void> {
  const header = viewOf(await source.read(84, 12));
  await readJpeg(subSource(source, header.getUint32(0), header.getUint32(4)), content);
  const sizes = await directorySizes(source, header.getUint32(8));
  const size = sizes.get(CROPPED_SIZE_TAG) ?? sizes.get(FULL_SIZE_TAG);
  if (size !== undefined) [content.rawHeight, content.rawWidth] = size;
}

async function directorySizes(source: ByteSource, at: number): Promise<Map<number, [number, number]>> {
  const sizes = new Map<number, [number, number]>();
  const count = Math.min(viewOf(await source.read(at, 4)).getUint32(0), MAX_RECORDS);
  let recordAt = at + 4;
  for (let i = 0; i < count; i++) {
    const record = viewOf(await source.read(recordAt, 8));
    if (record.byteLength < 8) break;
    const tag = record.getUint16(0);
    if (tag === FULL_SIZE_TAG || tag === CROPPED_SIZE_TAG) {
      sizes.set(tag, [record.getUint16(4), record.getUint16(6)]);
    }
    recordAt += 4 + record.getUint16(2);
  }
  return sizes;
}
