/** What the bytes of a file really are, whatever its name says. Looks at its first bytes only. */
import { asciiAt, startsWith } from "./bytes/bytes.ts";
import type { MediaFamily } from "./formats.ts";

/** As many bytes as `sniff` wants to see. */
export const sniffBytes = 256;

const stillBrands = ["heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1", "avif", "avis", "miaf"];

export function sniff(head: Uint8Array): MediaFamily | null {
  if (head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff) return "jpeg";
  if (startsWith(head, "\x89PNG\r\n\x1a\n")) return "png";
  if (startsWith(head, "GIF87a") || startsWith(head, "GIF89a")) return "gif";
  if (startsWith(head, "RIFF") && startsWith(head, "WEBP", 8)) return "webp";
  if (startsWith(head, "RIFF") && startsWith(head, "AVI ", 8)) return "avi";
  if (startsWith(head, "FUJIFILMCCD-RAW")) return "raf";
  if (startsWith(head, "\xff\x0a") || startsWith(head, "\0\0\0\x0cJXL \r\n\x87\n")) return "jxl";
  if (isTiff(head)) return "tiff";
  if (startsWith(head, "\x1a\x45\xdf\xa3")) return "matroska";
  if (isTransportStream(head)) return "mpeg-ts";
  if (startsWith(head, "\0\0\x01\xba") || startsWith(head, "\0\0\x01\xb3")) return "mpeg-ps";
  if (isBitmap(head)) return "bmp";
  return sniffBoxes(head);
}

/** TIFF, BigTIFF, and the two RAW families that put another number where TIFF has its 42: Olympus "RO"/"RS", Panasonic 0x55. */
function isTiff(head: Uint8Array): boolean {
  return ["II*\0", "MM\0*", "II+\0", "MM\0+", "IIRO", "IIRS", "MMOR", "IIU\0"].some((magic) => startsWith(head, magic));
}

/** The size of the header tells its age: 12 and 16 are the oldest, all others have at least 40 bytes. */
function isBitmap(head: Uint8Array): boolean {
  const headerBytes = head[14] ?? 0;
  return startsWith(head, "BM") && (headerBytes === 12 || headerBytes === 16 || headerBytes >= 40) && head[15] === 0;
}

/** 188-byte packets that open with 0x47; on Blu-ray and AVCHD each has a clock of four bytes in front. A file may end before its second. */
function isTransportStream(head: Uint8Array): boolean {
  return isMarked(head, 0, 188) || isMarked(head, 4, 192);
}

function isMarked(head: Uint8Array, at: number, packetBytes: number): boolean {
  const isFirst = head[at] === 0x47 && (head[at + 1] ?? 0xff) < 0x80;
  return isFirst && (head[at + packetBytes] ?? 0x47) === 0x47;
}

function sniffBoxes(head: Uint8Array): MediaFamily | null {
  const type = asciiAt(head, 4, 4);
  if (type !== "ftyp") {
    return ["moov", "mdat", "wide", "free", "skip", "pnot", "junk", "uuid", "PICT", "pict"].includes(type)
      ? "mp4"
      : null;
  }
  const brand = asciiAt(head, 8, 4);
  if (brand === "crx ") return "cr3";
  return stillBrands.includes(brand) ? "heif" : "mp4";
}
