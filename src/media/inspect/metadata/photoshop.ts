/** Photoshop's image resources, as JPEG, TIFF and PNG carry them: only to find the IPTC blocks among them. */
import { asciiAt, concatenated, startsWith, viewOf } from "../bytes/bytes.ts";

/** "8BIM" is Photoshop's own; other programs of its day signed theirs. */
const signatures = ["8BIM", "PHUT", "DCSR", "AgHg", "MeSa"];
const iptcResource = 0x0404;

/** Names and data are padded to even lengths. */
export function photoshopIptc(resources: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = [];
  const view = viewOf(resources);
  for (let at = 0; at + 12 <= resources.length && signatures.includes(asciiAt(resources, at, 4));) {
    const nameBytes = 1 + (resources[at + 6] ?? 0);
    const sizeAt = at + 6 + nameBytes + (nameBytes % 2);
    if (sizeAt + 4 > resources.length) break;
    const size = view.getUint32(sizeAt);
    if (view.getUint16(at + 4) === iptcResource) found.push(resources.slice(sizeAt + 4, sizeAt + 4 + size));
    at = sizeAt + 4 + size + (size % 2);
  }
  return found;
}

/** The pieces of several JPEG segments as whole blocks: what does not begin with a resource goes on with the one before. */
export function joinedResources(pieces: Uint8Array[]): Uint8Array[] {
  const blocks: Uint8Array[][] = [];
  for (const piece of pieces) {
    const last = blocks.at(-1);
    if (last === undefined || signatures.some((signature) => startsWith(piece, signature))) blocks.push([piece]);
    else last.push(piece);
  }
  return blocks.map((block) => concatenated(block));
}
