import type { ByteSource } from "../bytes/byteSource.ts";
import { type InspectionBudget, inspectionBudget } from "../bytes/inspectionBudget.ts";
import type { FileMetadata } from "../metadata/fileMetadata.ts";

/** The dimensions and metadata blocks that a container reader collects; the blocks are parsed later. */
export interface ImageContent {
  /** Shared with the source: what decompressing and parsing the blocks may still take. */
  budget: InspectionBudget;
  /** Encoded size in pixels; 0 until found. */
  rawWidth: number;
  rawHeight: number;
  /** The container's crop, before rotation. */
  crop: { width: number; height: number } | null;
  /** Whether the container's own rotation swaps width and height; null if EXIF's orientation applies. */
  swapsAxes: boolean | null;
  /** In order of precedence. */
  exif: ExifBlock[];
  xmp: Uint8Array[];
  iptc: Uint8Array[];
  /** The ICC profile. */
  icc: Uint8Array | null;
  /** The description in a text field of the container. */
  caption: string | null;
  /** Values in the container's own fields, for files without EXIF; EXIF and XMP precede them. */
  fields: Partial<FileMetadata>;
}

/** EXIF, beginning with a TIFF header. */
export interface ExifBlock {
  source: ByteSource;
  /** The block in memory, spanning its entire buffer; missing for RAW and TIFF files. */
  bytes?: Uint8Array;
  /** The type of the first directory: CR3 stores each directory as a separate block. */
  firstDirectory: "image" | "exif" | "gps";
}

/** Fills in `content` while reading, so that everything before a defect is kept. May throw. */
export type ImageReader = (source: ByteSource, content: ImageContent) => Promise<void>;

/** Larger blocks are skipped; those of all known real files are smaller. */
export const MAX_BLOCK_BYTES = 1024 * 1024;
/** Further blocks of a file are ignored. */
export const MAX_EXIF_BLOCKS = 4;
export const MAX_XMP_PACKETS = 4;
export const MAX_IPTC_BLOCKS = 8;

export function emptyContent(budget = inspectionBudget()): ImageContent {
  return {
    budget,
    rawWidth: 0,
    rawHeight: 0,
    crop: null,
    swapsAxes: null,
    exif: [],
    xmp: [],
    iptc: [],
    icc: null,
    caption: null,
    fields: {},
  };
}
