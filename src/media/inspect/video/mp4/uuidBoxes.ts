/** Reads `uuid` boxes: XMP, Canon's EXIF and Spherical Video V1. */
import { type Box, findBox, readBoxContent, readBoxes } from "../../bytes/bmffBoxes.ts";
import { subSource } from "../../bytes/boundedSource.ts";
import { asciiAt, decodeText } from "../../bytes/bytes.ts";
import { type ExifBlock, MAX_BLOCK_BYTES } from "../../containers/imageContent.ts";
import type { ByteSource } from "../../bytes/byteSource.ts";
import type { VideoDraft } from "../videoInfo.ts";

const uuids = {
  xmp: "\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac",
  canon: "\x85\xc0\xb6\x87\x82\x0f\x11\xe0\x81\x11\xf4\xce\x46\x2b\x6a\x48",
  spherical: "\xff\xcc\x82\x63\xf8\x55\x4a\x93\x88\x14\x58\x7a\x02\x52\x1f\xdd",
} as const;
const UUID_BYTES = 16;
const MAX_UUID_BOXES = 16;
const MAX_SPHERICAL_XML_BYTES = 16 * 1024;
/** Canon stores each EXIF directory as a separate TIFF structure. */
const canonDirectories: [string, ExifBlock["firstDirectory"]][] = [
  ["CMT1", "image"],
  ["CMT2", "exif"],
  ["CMT4", "gps"],
];

/** Adds EXIF, XMP and the projection type to `draft`. */
export async function readUuidBoxes(source: ByteSource, boxes: Box[], draft: VideoDraft): Promise<void> {
  for (const box of boxes.filter(({ type }) => type === "uuid").slice(0, MAX_UUID_BOXES)) {
    const uuid = asciiAt(await source.read(box.start, UUID_BYTES), 0, UUID_BYTES);
    const content = { ...box, start: box.start + UUID_BYTES };
    if (uuid === uuids.xmp) draft.blocks.xmp.push((await readBoxContent(source, content, MAX_BLOCK_BYTES)).slice());
    else if (uuid === uuids.canon) await readCanon(source, content, draft);
    else if (uuid === uuids.spherical)
      readSphericalXml(await readBoxContent(source, content, MAX_SPHERICAL_XML_BYTES), draft);
  }
}

async function readCanon(source: ByteSource, content: Box, { blocks }: VideoDraft): Promise<void> {
  const boxes = await readBoxes(source, content.start, content.end);
  for (const [type, firstDirectory] of canonDirectories) {
    const box = findBox(boxes, type);
    if (box !== undefined)
      blocks.exif.push({ source: subSource(source, box.start, box.end - box.start), firstDirectory });
  }
}

/** Spherical Video V1 is a short XML document. */
function readSphericalXml(xml: Uint8Array, { metadata }: VideoDraft): void {
  const match = /:ProjectionType>\s{0,20}([\w-]{1,40})/.exec(decodeText(xml));
  metadata.projectionType ??= match?.[1] ?? null;
}
