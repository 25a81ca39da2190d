/** Types of the modules that exifr's README documents for custom builds; the package declares types for its bundles only. */

declare module "exifr/src/core.mjs" {
  /** Numbers of several values come as a typed array or an array, BYTE and UNDEFINED as a Uint8Array. */
  export type ExifrValue = string | number | ArrayLike<number> | undefined;
  export type ExifrTags = Record<number, ExifrValue>;
  /** Rejects for blocks that it cannot read, unless `silentErrors` is set. */
  export function parse(
    block: Uint8Array,
    options: object,
  ): Promise<{ ifd0?: ExifrTags; exif?: ExifrTags; gps?: ExifrTags } | undefined>;
}

declare module "exifr/src/file-parsers/tiff.mjs";
declare module "exifr/src/segment-parsers/tiff-exif.mjs";
