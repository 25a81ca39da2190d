/** What a reader of one container finds: the size of the picture and the blocks that hold its metadata, not yet read. */
import type { ByteSource } from "../bytes/byteSource.ts";

export interface StillContent {
  /** As encoded; 0 until found. */
  rawWidth: number;
  rawHeight: number;
  /** The part that is shown, where the container crops (before any turn). */
  crop: { width: number; height: number } | null;
  /** How the container itself has the picture turned when shown. Null: it leaves that to EXIF. */
  swapsAxes: boolean | null;
  /** Blocks with a TIFF header, the more telling ones first. */
  tiff: TiffBlock[];
  xmp: Uint8Array[];
  iptc: Uint8Array[];
  /** The ICC profile. */
  icc: Uint8Array | null;
  /** What is written of the picture in a text field of the container itself. */
  caption: string | null;
}

export interface TiffBlock {
  source: ByteSource;
  /** What the first directory holds: CR3 keeps each directory in a block of its own. */
  firstDirectory: "image" | "exif" | "gps";
}

/** Fills in `content` as it goes, so that what a broken file had before its break is kept. May throw. */
export type StillReader = (source: ByteSource, content: StillContent) => Promise<void>;

/** More than any real file has; what lies behind is not looked at. */
export const longestBlockBytes = 1024 * 1024;

export function emptyContent(): StillContent {
  return {
    rawWidth: 0,
    rawHeight: 0,
    crop: null,
    swapsAxes: null,
    tiff: [],
    xmp: [],
    iptc: [],
    icc: null,
    caption: null,
  };
}
