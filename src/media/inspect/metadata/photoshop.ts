/** Photoshop image resource blocks in JPEG, TIFF and PNG. */
import { asciiAt, concat, startsWith, viewOf } from "../bytes/bytes.ts";
import { MAX_IPTC_BLOCKS } from "../containers/imageContent.ts";

/** "8BIM" is Photoshop's; the others are of other programs. */
const signatures = ["8BIM", "PHUT", "DCSR", "AgHg", "MeSa"];
const IPTC_RESOURCE_ID = 0x0404;
/** Photoshop writes tens of resources. */
const MAX_RESOURCES = 1000;

/** Returns the IPTC blocks among the resources. Names and data are padded to even lengths. */
export function iptcBlocksIn(resources: Uint8Array): Uint8Array[] {
  const blocks: Uint8Array[] = [];
  const view = viewOf(resources);
  let at = 0;
  for (let i = 0; i < MAX_RESOURCES && at + 12 <= resources.length; i++) {
    if (!signatures.includes(asciiAt(resources, at, 4)) || blocks.length === MAX_IPTC_BLOCKS) break;
    const nameBytes = 1 + (resources[at + 6] ?? 0);
    const sizeAt = at + 6 + nameBytes + (nameBytes % 2);
    if (sizeAt + 4 > resources.length) break;
    const size = view.getUint32(sizeAt);
    if (view.getUint16(at + 4) === IPTC_RESOURCE_ID) blocks.push(resources.slice(sizeAt + 4, sizeAt + 4 + size));
    at = sizeAt + 4 + size + (size % 2);
  }
  return blocks;
}

/** Joins the parts of several JPEG segments; a part without a signature continues the previous one. */
export function joinResources(parts: Uint8Array[]): Uint8Array[] {
  const blocks: Uint8Array[][] = [];
  for (const part of parts) {
    const last = blocks.at(-1);
    if (last === undefined || signatures.some((signature) => startsWith(part, signature))) blocks.push([part]);
    else last.push(part);
  }
  return blocks.map((block) => concat(block));
}
