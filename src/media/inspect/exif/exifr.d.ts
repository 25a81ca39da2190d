/**
 * Types of the modules that exifr's README documents for custom builds; the package declares types for its bundles
 * only.
 */

declare module "exifr/src/core.mjs" {
  /** Several numbers are a typed array or an array, BYTE and UNDEFINED a Uint8Array, blank text undefined. */
  export type ExifrValue = string | number | ArrayLike<number> | undefined;
  export type ExifrTags = Record<number, ExifrValue>;
  export const fileParsers: Map<string, unknown>;
  export const segmentParsers: Map<string, unknown>;
  /** Rejects if the block is invalid, unless `silentErrors` is set. */
  export function parse(
    block: Uint8Array,
    options: object,
  ): Promise<{ ifd0?: ExifrTags; exif?: ExifrTags; gps?: ExifrTags } | undefined>;
}

declare module "exifr/src/file-parsers/tiff.mjs" {
  export const TiffFileParser: unknown;
}

declare module "exifr/src/segment-parsers/tiff-exif.mjs" {
  export const TiffExif: unknown;
}
