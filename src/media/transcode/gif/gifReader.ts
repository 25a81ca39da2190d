/** Reads the screen and the frames of a GIF (GIF89a) one after another. */
import { viewOf } from "../../inspect/bytes/bytes.ts";
import type { ForwardReader } from "../forwardReader.ts";
import type { Size } from "../resize/scaledSize.ts";
import { TruncatedFileError } from "../jpeg/encodedJpeg.ts";
import { yieldToRequests } from "../yieldToRequests.ts";
import { lzwRows, type UseIndexes } from "./lzwRows.ts";

const BLOCKS = { image: 0x2c, extension: 0x21 } as const;
const GRAPHIC_CONTROL = 0xf9;
/** Extensions and stray bytes between two frames; a hostile file of 100 MB could have many millions. */
const MAX_BLOCKS_BETWEEN_FRAMES = 1000;
/** A sub-block and its length. */
const MAX_SUB_BLOCK_BYTES = 256;

export interface GifFrame extends Size {
  left: number;
  top: number;
  isInterlaced: boolean;
  /** Colours as 0xAABBGGRR; the transparent one is 0. */
  palette: Uint32Array;
  /** 1 or 0: keep the frame; 2: clear its area; 3: restore what was before. */
  disposal: number;
}

export interface GifReader extends Size {
  /** Moves to the next frame; null at the end of the file, or where it is damaged. */
  nextFrame(): Promise<GifFrame | null>;
  /** Decodes the rows of the frame of `nextFrame` in stored order. Rows that are missing are left out. */
  readRows(use: UseIndexes): Promise<void>;
}

/** Colours of a table of RGB, opaque. */
function readPalette(table: Uint8Array): Uint32Array {
  const palette = new Uint32Array(256).fill(0xff000000);
  for (let i = 0; i * 3 + 2 < table.length; i++) {
    const [red = 0, green = 0, blue = 0] = table.subarray(i * 3, i * 3 + 3);
    palette[i] = (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
  }
  return palette;
}

/** Bit 7 is the presence of a table, bits 0 to 2 its size: 2^(n+1) colours. */
function tableBytes(flags: number): number {
  return flags >= 0x80 ? 3 * 2 ** (1 + (flags & 7)) : 0;
}

/** Takes the next bytes; fewer at the end of the file. */
async function take(reader: ForwardReader, count: number): Promise<Uint8Array> {
  await reader.ensure(count);
  const bytes = reader.bytes.subarray(reader.position, reader.position + count);
  reader.position += bytes.length;
  return bytes;
}

/** Passes sub-blocks on until `use` returns false, and skips the rest. */
async function readSubBlocks(reader: ForwardReader, use: (block: Uint8Array) => boolean): Promise<void> {
  for (let isWanted = true; ;) {
    await reader.ensure(MAX_SUB_BLOCK_BYTES);
    const [length = 0] = await take(reader, 1);
    if (length === 0) return;
    const block = await take(reader, length);
    if (isWanted) isWanted = use(block);
    if (block.length < length) return;
    await yieldToRequests(length);
  }
}

interface GraphicControl {
  disposal: number;
  /** -1 without one. */
  transparentIndex: number;
}

const NO_CONTROL: GraphicControl = { disposal: 0, transparentIndex: -1 };

async function readExtension(reader: ForwardReader, control: GraphicControl): Promise<GraphicControl> {
  const [label] = await take(reader, 1);
  let read = control;
  await readSubBlocks(reader, (block) => {
    const [flags = 0, , , index = 0] = block;
    if (label === GRAPHIC_CONTROL && block.length >= 4)
      read = { disposal: (flags >> 2) & 7, transparentIndex: (flags & 1) === 1 ? index : -1 };
    return false;
  });
  return read;
}

/** Reads an image descriptor and its colour table. */
async function readDescriptor(
  reader: ForwardReader,
  globalPalette: Uint32Array,
  { disposal, transparentIndex }: GraphicControl,
): Promise<GifFrame | null> {
  const head = Uint8Array.from(await take(reader, 9));
  if (head.length < 9) return null;
  const field = (at: number) => viewOf(head).getUint16(at, true);
  const flags = head[8] ?? 0;
  const table = await take(reader, tableBytes(flags));
  const palette = table.length > 0 ? readPalette(table) : Uint32Array.from(globalPalette);
  if (transparentIndex >= 0) palette[transparentIndex] = 0;
  const isInterlaced = (flags & 0x40) !== 0;
  return { left: field(0), top: field(2), width: field(4), height: field(6), isInterlaced, palette, disposal };
}

/** Opens a GIF. Throws `TruncatedFileError` without a whole header. */
export async function openGif(reader: ForwardReader): Promise<GifReader> {
  const head = Uint8Array.from(await take(reader, 13));
  if (head.length < 13) throw new TruncatedFileError("the GIF header is truncated");
  const globalPalette = readPalette(await take(reader, tableBytes(head[10] ?? 0)));
  let frame: GifFrame | null = null;

  async function readRows(use: UseIndexes): Promise<void> {
    const [literalBits = 0] = await take(reader, 1);
    const isDecodable = frame !== null && frame.width > 0 && literalBits >= 1 && literalBits <= 8;
    let left = frame?.height ?? 0;
    const useRow: UseIndexes = (row) => {
      if (left-- > 0) use(row);
    };
    const lzw = isDecodable ? lzwRows(literalBits, frame?.width ?? 1, useRow) : null;
    frame = null;
    await readSubBlocks(reader, (block) => lzw !== null && lzw.push(block) && left > 0);
  }

  async function nextFrame(): Promise<GifFrame | null> {
    if (frame !== null) await readRows(() => undefined);
    let control = NO_CONTROL;
    for (let count = 0; count < MAX_BLOCKS_BETWEEN_FRAMES; count++) {
      const [introducer] = await take(reader, 1);
      if (introducer === BLOCKS.extension) control = await readExtension(reader, control);
      else if (introducer === BLOCKS.image) {
        frame = await readDescriptor(reader, globalPalette, control);
        return frame;
      } else if (introducer !== 0) return null;
    }
    return null;
  }

  return { width: viewOf(head).getUint16(6, true), height: viewOf(head).getUint16(8, true), nextFrame, readRows };
}

/** First row and distance of the rows of each pass of an interlaced frame; GIF89a appendix E. */
const PASSES = [
  [0, 8],
  [4, 8],
  [2, 4],
  [1, 2],
] as const;

/** Returns the row of the image for each stored row. */
export function storedRowOrder({ height, isInterlaced }: GifFrame): (stored: number) => number {
  if (!isInterlaced) return (stored) => stored;
  const order = PASSES.flatMap(([first, step]) =>
    Array.from({ length: Math.max(0, Math.ceil((height - first) / step)) }, (_, i) => first + i * step),
  );
  return (stored) => order[stored] ?? 0;
}
