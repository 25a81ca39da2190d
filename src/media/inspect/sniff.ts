import { asciiAt, startsWith } from "./bytes/bytes.ts";
import type { MediaFamily } from "./formats.ts";

/** The number of bytes that `sniff` examines. */
export const SNIFF_BYTES = 256;

const imageBrands = ["heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1", "avif", "avis", "miaf"];

/** The identifier of ASF's header object. */
export const ASF_HEADER = "\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c";

/** Detects the format by the first bytes of a file; null if it is unknown. */
export function sniff(head: Uint8Array): MediaFamily | null {
  if (head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff) return "jpeg";
  if (startsWith(head, "\x89PNG\r\n\x1a\n")) return "png";
  if (startsWith(head, "GIF87a") || startsWith(head, "GIF89a")) return "gif";
  if (startsWith(head, "RIFF") && startsWith(head, "WEBP", 8)) return "webp";
  if (startsWith(head, "RIFF") && startsWith(head, "AVI ", 8)) return "avi";
  if (startsWith(head, "FUJIFILMCCD-RAW")) return "raf";
  if (startsWith(head, "\xff\x0a") || startsWith(head, "\0\0\0\x0cJXL \r\n\x87\n")) return "jxl";
  if (startsWith(head, "\0\0\0\x0cjP  \r\n\x87\n") || startsWith(head, "\xff\x4f\xff\x51")) return "jp2";
  if (startsWith(head, "\0MRM")) return "mrw";
  if (startsWith(head, "FOVb")) return "x3f";
  if (startsWith(head, "HEAPCCDR", 6)) return "ciff";
  if (isTiff(head)) return "tiff";
  if (startsWith(head, "\x1a\x45\xdf\xa3")) return "matroska";
  if (isTransportStream(head)) return "mpeg-ts";
  if (startsWith(head, ASF_HEADER)) return "asf";
  if (startsWith(head, "\0\0\x01\xba") || startsWith(head, "\0\0\x01\xb3")) return "mpeg-ps";
  if (isBitmap(head)) return "bmp";
  return sniffBoxes(head);
}

/** TIFF, BigTIFF, and RAW formats with another version number: Olympus "RO" and "RS", Panasonic 0x55. */
function isTiff(head: Uint8Array): boolean {
  return ["II*\0", "MM\0*", "II+\0", "MM\0+", "IIRO", "IIRS", "MMOR", "IIU\0"].some((magic) => startsWith(head, magic));
}

/** The oldest headers have 12 or 16 bytes, all others at least 40. */
function isBitmap(head: Uint8Array): boolean {
  const headerBytes = head[14] ?? 0;
  return startsWith(head, "BM") && (headerBytes === 12 || headerBytes === 16 || headerBytes >= 40) && head[15] === 0;
}

const TS_PACKET_BYTES = 188;

/**
 * Packets of 188 bytes that begin with 0x47; in Blu-ray and AVCHD after a timestamp of four bytes, in some broadcasts in
 * front of 16 bytes of error correction. A file may have one packet.
 */
function isTransportStream(head: Uint8Array): boolean {
  return hasSyncBytes(head, 0, TS_PACKET_BYTES) || hasSyncBytes(head, 4, 192) || hasSyncBytes(head, 0, 204);
}

function hasSyncBytes(head: Uint8Array, at: number, packetBytes: number): boolean {
  const isPacket = head.length >= at + TS_PACKET_BYTES && head[at] === 0x47 && (head[at + 1] ?? 0xff) < 0x80;
  return isPacket && (head[at + packetBytes] ?? 0x47) === 0x47;
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
  return imageBrands.includes(brand) ? "heif" : "mp4";
}
