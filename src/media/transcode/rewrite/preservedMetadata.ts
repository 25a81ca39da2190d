/** Reads the metadata of an upload that its edited versions keep. */
import { boundedSource } from "../../inspect/bytes/boundedSource.ts";
import { inspectionBudget } from "../../inspect/bytes/inspectionBudget.ts";
import type { ImageContent } from "../../inspect/containers/imageContent.ts";
import { sniff, SNIFF_BYTES } from "../../inspect/sniff.ts";
import type { ByteSource } from "../../inspect/bytes/byteSource.ts";
import { readImageContent } from "../../inspect/imageInfo.ts";
import { MAX_INSPECTION_READ_BYTES } from "../../inspect/mediaInfo.ts";
import { type PreservedExif, preserveExif } from "./preservedExif.ts";
import { preserveXmp, MAX_PRESERVED_BYTES } from "./preservedXmp.ts";

export interface PreservedMetadata {
  exif: PreservedExif | null;
  /** A complete packet in UTF-8. */
  xmp: Uint8Array | null;
  /** An IPTC-IIM block. */
  iptc: Uint8Array | null;
}

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
  const { budget } = content;
  return {
    exif: await preserveExif(content.exif, budget),
    xmp: preserveXmp(content.xmp, budget),
    iptc: preserveIptc(content.iptc),
  };
}

/**
 * Reads an image of any known format, with the budget of `readMediaInfo`. Unreadable metadata is omitted; only errors of
 * `source` are thrown.
 */
export async function readPreservedMetadata(
  source: ByteSource,
  budget = inspectionBudget(),
): Promise<PreservedMetadata> {
  const bounded = boundedSource(source, MAX_INSPECTION_READ_BYTES, budget);
  const family = sniff(await bounded.read(0, SNIFF_BYTES));
  const content = family === null ? null : await readImageContent(bounded, family, budget);
  return content === null ? emptyPreservedMetadata() : await preserveContent(content);
}
