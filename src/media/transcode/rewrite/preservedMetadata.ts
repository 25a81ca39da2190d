/** Reads the metadata of an upload that its edited versions keep. */
import { boundedSource } from "../../inspect/bytes/boundedSource.ts";
import type { ImageContent } from "../../inspect/containers/imageContent.ts";
import { sniff, SNIFF_BYTES } from "../../inspect/sniff.ts";
import type { ByteSource } from "../../inspect/bytes/byteSource.ts";
import { readImageContent } from "../../inspect/imageInfo.ts";
import { type PreservedExif, preserveExif } from "./preservedExif.ts";
import { preserveXmp, MAX_PRESERVED_BYTES } from "./preservedXmp.ts";

export interface PreservedMetadata {
  exif: PreservedExif | null;
  /** A complete packet in UTF-8. */
  xmp: Uint8Array | null;
  /** An IPTC-IIM block. */
  iptc: Uint8Array | null;
}

/** The same budget as reading media info: a photo needs one to three reads and at most 150 KB. */
const BUDGET_BYTES = 4 * 1024 * 1024;
const IPTC_MARKER = 0x1c;

function emptyPreservedMetadata(): PreservedMetadata {
  return { exif: null, xmp: null, iptc: null };
}

/** Readers use the first block. One too long for a segment is dropped. */
function preserveIptc(blocks: Uint8Array[]): Uint8Array | null {
  const block = blocks.find((candidate) => candidate[0] === IPTC_MARKER);
  return block !== undefined && block.length <= MAX_PRESERVED_BYTES ? block : null;
}

async function preserveContent(content: ImageContent): Promise<PreservedMetadata> {
  return { exif: await preserveExif(content.exif), xmp: preserveXmp(content.xmp), iptc: preserveIptc(content.iptc) };
}

/** Reads an image of any known format. Unreadable metadata is omitted; only errors of `source` are thrown. */
export async function readPreservedMetadata(source: ByteSource): Promise<PreservedMetadata> {
  const bounded = boundedSource(source, BUDGET_BYTES);
  const family = sniff(await bounded.read(0, SNIFF_BYTES));
  const content = family === null ? null : await readImageContent(bounded, family);
  return content === null ? emptyPreservedMetadata() : await preserveContent(content);
}
