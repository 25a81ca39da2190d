/** The boxes of a movie whose kind is a number instead of a name: XMP, Canon's EXIF, the sphere of a 360° video. */
import { type Box, boxesIn, findBox } from "../../bytes/bmffBoxes.ts";
import { section } from "../../bytes/boundedSource.ts";
import { asciiAt, decodeText } from "../../bytes/bytes.ts";
import { type TiffBlock, longestBlockBytes } from "../../containers/imageContent.ts";
import type { ByteSource } from "../../bytes/byteSource.ts";
import type { VideoFindings } from "../videoInfo.ts";

const kinds = {
  xmp: "\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac",
  canon: "\x85\xc0\xb6\x87\x82\x0f\x11\xe0\x81\x11\xf4\xce\x46\x2b\x6a\x48",
  sphere: "\xff\xcc\x82\x63\xf8\x55\x4a\x93\x88\x14\x58\x7a\x02\x52\x1f\xdd",
} as const;
const kindBytes = 16;
const mostBoxes = 16;
const longestSphereBytes = 16 * 1024;
/** Each directory of Canon's EXIF is a TIFF of its own. */
const canonDirectories: [string, TiffBlock["firstDirectory"]][] = [
  ["CMT1", "image"],
  ["CMT2", "exif"],
  ["CMT4", "gps"],
];

export async function readUuidBoxes(source: ByteSource, boxes: Box[], facts: VideoFindings): Promise<void> {
  for (const box of boxes.filter(({ type }) => type === "uuid").slice(0, mostBoxes)) {
    const kind = asciiAt(await source.read(box.start, kindBytes), 0, kindBytes);
    const content = { ...box, start: box.start + kindBytes };
    if (kind === kinds.xmp) facts.blocks.xmp.push((await contentOf(source, content, longestBlockBytes)).slice());
    else if (kind === kinds.canon) await readCanon(source, content, facts);
    else if (kind === kinds.sphere) readSphere(await contentOf(source, content, longestSphereBytes), facts);
  }
}

function contentOf(source: ByteSource, { start, end }: Box, mostBytes: number): Promise<Uint8Array> {
  return source.read(start, Math.min(end - start, mostBytes));
}

async function readCanon(source: ByteSource, content: Box, { blocks }: VideoFindings): Promise<void> {
  const boxes = await boxesIn(source, content.start, content.end);
  for (const [type, firstDirectory] of canonDirectories) {
    const box = findBox(boxes, type);
    if (box !== undefined)
      blocks.tiff.push({ source: section(source, box.start, box.end - box.start), firstDirectory });
  }
}

/** Spherical Video V1: a short XML. */
function readSphere(xml: Uint8Array, { metadata }: VideoFindings): void {
  const match = /:ProjectionType>\s{0,20}([\w-]{1,40})/.exec(decodeText(xml));
  metadata.projectionType ??= match?.[1] ?? null;
}
