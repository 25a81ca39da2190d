/** What of a picture's metadata goes with it into an edited copy. Leaves out what tells of the old pixels. */
import { boundedSource } from "../../inspect/bytes/boundedSource.ts";
import type { StillContent } from "../../inspect/containers/imageContent.ts";
import { sniff, sniffBytes } from "../../inspect/sniff.ts";
import type { ByteSource } from "../../inspect/bytes/byteSource.ts";
import { readStillContent } from "../../inspect/imageInfo.ts";
import { type CarriedExif, carryExif } from "./preservedExif.ts";
import { carryXmp, longestCarriedBytes } from "./preservedXmp.ts";

export interface CarriedMetadata {
  exif: CarriedExif | null;
  /** A whole packet, UTF-8. */
  xmp: Uint8Array | null;
  /** An IPTC-IIM block. */
  iptc: Uint8Array | null;
}

/** As for the reading of facts: a photo needs one to three reads and at most 150 KB. */
const BUDGET_BYTES = 4 * 1024 * 1024;
const iptcMark = 0x1c;

function emptyCarried(): CarriedMetadata {
  return { exif: null, xmp: null, iptc: null };
}

/** The block that readers believe, since it comes first. One too long for a segment is left behind. */
function carryIptc(blocks: Uint8Array[]): Uint8Array | null {
  const block = blocks.find((candidate) => candidate[0] === iptcMark);
  return block !== undefined && block.length <= longestCarriedBytes ? block : null;
}

async function carryContent(content: StillContent): Promise<CarriedMetadata> {
  return { exif: await carryExif(content.tiff), xmp: carryXmp(content.xmp), iptc: carryIptc(content.iptc) };
}

/** Whatever format it is in. What cannot be read is not carried; only `source` itself makes it fail. */
export async function readCarried(source: ByteSource): Promise<CarriedMetadata> {
  const bounded = boundedSource(source, BUDGET_BYTES);
  const family = sniff(await bounded.read(0, sniffBytes));
  const content = family === null ? null : await readStillContent(bounded, family);
  return content === null ? emptyCarried() : await carryContent(content);
}
