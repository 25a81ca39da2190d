/** Fujifilm RAF: a JPEG with the camera's metadata in it, and a directory that tells the size of the raw picture. */
import { section } from "../bytes/boundedSource.ts";
import { viewOf } from "../bytes/bytes.ts";
import type { ByteSource } from "../bytes/byteSource.ts";
import { readJpeg } from "../containers/jpeg.ts";
import type { StillContent } from "../containers/imageContent.ts";

const fullSizeTag = 0x100;
/** The part of the sensor that becomes the picture: what exiftool calls the image's size. */
const croppedSizeTag = 0x111;
const mostRecords = 256;

export async function readRaf(source: ByteSource, content: StillContent): Promise<void> {
  const header = viewOf(await source.read(84, 12));
  await readJpeg(section(source, header.getUint32(0), header.getUint32(4)), content);
  const sizes = await directorySizes(source, header.getUint32(8));
  const size = sizes.get(croppedSizeTag) ?? sizes.get(fullSizeTag);
  if (size !== undefined) [content.rawHeight, content.rawWidth] = size;
}

async function directorySizes(source: ByteSource, at: number): Promise<Map<number, [number, number]>> {
  const sizes = new Map<number, [number, number]>();
  const count = Math.min(viewOf(await source.read(at, 4)).getUint32(0), mostRecords);
  let recordAt = at + 4;
  for (let i = 0; i < count; i++) {
    const record = viewOf(await source.read(recordAt, 8));
    if (record.byteLength < 8) break;
    const tag = record.getUint16(0);
    if (tag === fullSizeTag || tag === croppedSizeTag) {
      sizes.set(tag, [record.getUint16(4), record.getUint16(6)]);
    }
    recordAt += 4 + record.getUint16(2);
  }
  return sizes;
}
