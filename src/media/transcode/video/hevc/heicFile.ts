/** Wraps a key frame of HEVC in a HEIC file, for the decoder of still images; ISO/IEC 23008-12. */
import { concat } from "../../../inspect/bytes/bytes.ts";

export interface HevcFrame {
  width: number;
  height: number;
  /** Content of hvcC. */
  configuration: Uint8Array;
  /** The access unit, each unit with its length in front. */
  sample: Uint8Array;
}

const ITEM_ID = 1;
const VERSION_AND_FLAGS = [0, 0, 0, 0];
const ESSENTIAL = 0x80;

/**
 * Colour that libheif converts nothing for: full range and BT.601 with primaries and transfer of sRGB. It converts
 * pictures of any other colour to this one, of a description less exactly than ours and with a copy of the picture.
 */
const NATIVE_COLOUR = { primaries: 1, transfer: 13, matrix: 6, flags: 0x80 };

function u16(value: number): number[] {
  return [(value >> 8) & 255, value & 255];
}

function u32(value: number): number[] {
  return [...u16(value >>> 16), ...u16(value)];
}

type Part = readonly number[] | string | Uint8Array;

function bytesOf(parts: readonly Part[]): Uint8Array {
  return concat(
    parts.map((part) => (typeof part === "string" ? new TextEncoder().encode(part) : new Uint8Array(part))),
  );
}

function box(type: string, ...content: Part[]): Uint8Array {
  const body = bytesOf(content);
  return bytesOf([u32(body.length + 8), type, body]);
}

/** One extent from the start of the file; version 0 with offsets and lengths of 32 bits. */
function locationBox(offset: number, length: number): Uint8Array {
  return box("iloc", VERSION_AND_FLAGS, [0x44, 0x00], u16(1), u16(ITEM_ID), u16(0), u16(1), u32(offset), u32(length));
}

function metaBox({ width, height, configuration, sample }: HevcFrame, dataOffset: number): Uint8Array {
  const entry = box("infe", [2, 0, 0, 0], u16(ITEM_ID), u16(0), "hvc1", [0]);
  const size = box("ispe", VERSION_AND_FLAGS, u32(width), u32(height));
  const { primaries, transfer, matrix, flags } = NATIVE_COLOUR;
  const colour = box("colr", "nclx", u16(primaries), u16(transfer), u16(matrix), [flags]);
  const properties = box("ipco", box("hvcC", configuration), size, colour);
  const association = box("ipma", VERSION_AND_FLAGS, u32(1), u16(ITEM_ID), [3, ESSENTIAL | 1, 2, 3]);
  return box(
    "meta",
    VERSION_AND_FLAGS,
    box("hdlr", new Uint8Array(8), "pict", new Uint8Array(13)),
    box("pitm", VERSION_AND_FLAGS, u16(ITEM_ID)),
    locationBox(dataOffset, sample.length),
    box("iinf", VERSION_AND_FLAGS, u16(1), entry),
    box("iprp", properties, association),
  );
}

/** Returns a HEIC file whose only image is the frame. libheif returns the samples of the frame as they are. */
export function heicFile(frame: HevcFrame): Uint8Array {
  const head = box("ftyp", "heic", u32(0), "mif1", "heic");
  const headBytes = head.length + metaBox(frame, 0).length + 8;
  return concat([head, metaBox(frame, headBytes), box("mdat", frame.sample)]);
}
