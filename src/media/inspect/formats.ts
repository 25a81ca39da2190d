export type MediaType = "image" | "video";

/** A container format. Several extensions share one: NEF is a TIFF. */
export type MediaFamily =
  | "jpeg"
  | "png"
  | "gif"
  | "webp"
  | "bmp"
  | "tiff"
  | "raf"
  | "cr3"
  | "heif"
  | "jxl"
  | "jp2"
  | "mrw"
  | "ciff"
  | "x3f"
  | "mp4"
  | "matroska"
  | "avi"
  | "mpeg-ts"
  | "mpeg-ps"
  | "asf";

export interface MediaFormat {
  /** Lower case, without dot. */
  extension: string;
  mimeType: string;
  mediaType: MediaType;
  family: MediaFamily;
}

/** `[family, MIME type, extensions]`, with the MIME types that exiftool reports. SVG is excluded because it can run scripts. */
const images: [MediaFamily, string, string[]][] = [
  ["jpeg", "image/jpeg", ["jpg", "jpeg", "jpe", "jfif", "insp", "mpo"]],
  ["png", "image/png", ["png"]],
  ["gif", "image/gif", ["gif"]],
  ["webp", "image/webp", ["webp"]],
  ["heif", "image/avif", ["avif"]],
  ["heif", "image/heic", ["heic"]],
  ["heif", "image/heif", ["heif", "hif"]],
  ["jxl", "image/jxl", ["jxl"]],
  ["tiff", "image/tiff", ["tiff", "tif"]],
  ["bmp", "image/bmp", ["bmp"]],
  ["tiff", "image/x-adobe-dng", ["dng"]],
  ["tiff", "image/x-canon-cr2", ["cr2"]],
  ["cr3", "image/x-canon-cr3", ["cr3"]],
  ["tiff", "image/x-sony-arw", ["arw"]],
  ["tiff", "image/x-nikon-nef", ["nef"]],
  ["tiff", "image/x-nikon-nrw", ["nrw"]],
  ["raf", "image/x-fujifilm-raf", ["raf"]],
  ["tiff", "image/x-panasonic-rw2", ["rw2"]],
  ["tiff", "image/x-olympus-orf", ["orf"]],
  ["tiff", "image/x-pentax-pef", ["pef"]],
  ["tiff", "image/x-samsung-srw", ["srw"]],
  ["tiff", "image/x-gopro-gpr", ["gpr"]],
  ["tiff", "image/x-kodak-dcr", ["dcr"]],
  ["tiff", "image/x-kodak-kdc", ["kdc"]],
  ["tiff", "image/x-leica-rwl", ["rwl"]],
  ["tiff", "image/x-hasselblad-3fr", ["3fr"]],
  ["tiff", "image/x-raw", ["iiq"]],
  ["tiff", "image/x-epson-erf", ["erf"]],
  ["tiff", "image/x-sony-sr2", ["sr2"]],
  ["tiff", "image/x-sony-srf", ["srf"]],
  ["ciff", "image/x-canon-crw", ["crw"]],
  ["mrw", "image/x-minolta-mrw", ["mrw"]],
  ["x3f", "image/x-sigma-x3f", ["x3f"]],
  ["jp2", "image/jp2", ["jp2"]],
];

const videos: [MediaFamily, string, string[]][] = [
  ["mp4", "video/mp4", ["mp4", "insv", "lrv", "360"]],
  ["mp4", "video/x-m4v", ["m4v"]],
  ["mp4", "video/quicktime", ["mov", "qt"]],
  ["mp4", "video/3gpp", ["3gp", "3gpp"]],
  ["mp4", "video/3gpp2", ["3g2"]],
  ["avi", "video/x-msvideo", ["avi"]],
  ["matroska", "video/x-matroska", ["mkv"]],
  ["matroska", "video/webm", ["webm"]],
  ["mpeg-ts", "video/m2ts", ["mts", "m2ts", "m2t", "ts"]],
  ["mpeg-ps", "video/mpeg", ["mpg", "mpeg"]],
  ["asf", "video/x-ms-wmv", ["wmv"]],
];

const formats = new Map<string, MediaFormat>([...formatEntries(images, "image"), ...formatEntries(videos, "video")]);

function formatEntries(rows: [MediaFamily, string, string[]][], mediaType: MediaType): [string, MediaFormat][] {
  return rows.flatMap(([family, mimeType, extensions]) =>
    extensions.map((extension): [string, MediaFormat] => [extension, { extension, mimeType, mediaType, family }]),
  );
}

/** All formats, for docs/formats.md. */
export const supportedFormats: readonly MediaFormat[] = [...formats.values()];

/**
 * Returns the format of a file name's last extension, case-insensitive; null if it is unsupported. `sniff` detects the
 * format of the bytes.
 */
export function formatForFileName(name: string): MediaFormat | null {
  const dot = name.lastIndexOf(".");
  if (dot < 0) return null;
  return formats.get(name.slice(dot + 1).toLowerCase()) ?? null;
}

const families = new Set<string>([...images, ...videos].map(([family]) => family));

/** Parses the name of a family, as stored in a row; null if it is unknown. */
export function parseMediaFamily(name: string | null | undefined): MediaFamily | null {
  const isFamily = (text: string): text is MediaFamily => families.has(text);
  return typeof name === "string" && isFamily(name) ? name : null;
}
