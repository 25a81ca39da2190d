/** Undoes the filters of PNG rows and expands them to RGBA, in the kernel wasm/png.ts. */
import type { DecoderMemory } from "../../decoderMemory.ts";
import { TruncatedFileError } from "../../jpeg/encodedJpeg.ts";
import { startKernel } from "../../kernel.ts";
import { samplesByColourType, type PngHeader } from "../../png/pngChunks.ts";
import { UnsupportedImageError } from "../unsupportedImage.ts";
import wasm from "./png.wasm";

const PALETTE_BYTES = 256 * 4;
const ALLOWED_BITS = new Map([
  [0, [1, 2, 4, 8, 16]],
  [2, [8, 16]],
  [3, [1, 2, 4, 8]],
  [4, [8, 16]],
  [6, [8, 16]],
]);

export interface PngRows {
  /** Memory for the next row, with its filter byte. */
  row: Uint8Array;
  /** Undoes the filter of `row` and returns its pixels as RGBA, valid until the next call. `row` becomes another one. */
  nextPixels(): Uint8Array;
}

/** Bytes of a row with its filter byte. */
export function pngRowBytes({ bits, colourType }: PngHeader, width: number): number {
  return 1 + Math.ceil((width * bits * (samplesByColourType.get(colourType) ?? 1)) / 8);
}

/** Colours of all indexes; grey levels of less than 8 bits are scaled up. */
function paletteOf({ bits, colourType, palette, paletteAlpha, transparentColour }: PngHeader): Uint8Array {
  const colours = new Uint8Array(PALETTE_BYTES);
  const count = 1 << bits;
  for (let i = 0; i < count; i++) {
    const grey = (i * 255) / (count - 1);
    const rgb = colourType === 3 ? [...palette.subarray(i * 3, i * 3 + 3)] : [grey, grey, grey];
    const alpha = colourType === 3 ? (paletteAlpha[i] ?? 255) : transparentColour?.[0] === i ? 0 : 255;
    colours.set([...rgb, ...[0, 0, 0].slice(rgb.length), alpha], i * 4);
  }
  return colours;
}

/** The transparent colour of RGB with 8 bits as 0xBBGGRR; -1 without one. */
function keyOf({ bits, transparentColour }: PngHeader): number {
  if (transparentColour === null) return -1;
  if (bits > 8) throw new UnsupportedImageError("PNG with a transparent colour of 16 bits");
  const [red = 0, green = 0, blue = 0] = transparentColour;
  return Math.max(red, green, blue) > 255 ? -1 : red | (green << 8) | (blue << 16);
}

/** Starts a kernel for rows of `width` pixels. Throws for invalid and unsupported headers. */
export function startPngRows(header: PngHeader, width: number, budget: DecoderMemory): PngRows {
  const { bits, colourType } = header;
  if (!(ALLOWED_BITS.get(colourType) ?? []).includes(bits)) throw new TruncatedFileError("the PNG header is invalid");
  const samples = samplesByColourType.get(colourType) ?? 1;
  const isIndexed = colourType === 3 || (colourType === 0 && bits <= 8);
  const key = isIndexed ? -1 : keyOf(header);
  const rowBytes = pngRowBytes(header, width);
  const stride = 16 * Math.ceil((rowBytes + 32) / 16);
  const kernel = startKernel(wasm);
  const start = kernel.heapStart;
  const heapBytes = PALETTE_BYTES + 2 * stride + width * 4 + 16;
  budget.hold("png rows", start + heapBytes);
  const memory = kernel.reserve(heapBytes);
  const [palette, target] = [start, start + PALETTE_BYTES + 2 * stride];
  const addresses = [start + PALETTE_BYTES, start + PALETTE_BYTES + stride];
  if (isIndexed) memory.set(paletteOf(header), palette);
  const [unfilterRow, expandSamples, expandIndexes] = ["unfilterRow", "expandSamples", "expandIndexes"].map((name) =>
    kernel.function(name),
  );
  const step = Math.max(1, (bits * samples) >> 3);
  const rowAt = (at: number) => memory.subarray(at, at + rowBytes);
  let [current = 0, previous = 0] = addresses;
  const rows: PngRows = {
    row: rowAt(current),
    nextPixels: () => {
      if (unfilterRow?.(current, previous, rowBytes, step) !== 1)
        throw new TruncatedFileError("the PNG's pixel data is damaged");
      if (isIndexed) expandIndexes?.(current + 1, target, width, bits, palette);
      else expandSamples?.(current + 1, target, width, samples, bits >> 3, key);
      [current, previous] = [previous, current];
      rows.row = rowAt(current);
      return memory.subarray(target, target + width * 4);
    },
  };
  return rows;
}
