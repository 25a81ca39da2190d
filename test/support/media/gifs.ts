/** Builds GIFs of any size. */
import { bytesOf, u16 } from "./buildImage.ts";

interface GifOptions {
  width: number;
  height: number;
  /** Index of each pixel, 0 to 127. */
  indexAt: (x: number, y: number) => number;
  left?: number;
  top?: number;
  screen?: { width: number; height: number };
  /** Bytes of comments before the frame. */
  commentBytes?: number;
}

/** Codes of eight bits without compression: a clear code before the table grows to nine. */
function uncompressedCodes({ width, height, indexAt }: GifOptions): Uint8Array {
  const CODES_BEFORE_CLEAR = 125;
  const codes = new Uint8Array(width * height + Math.ceil((width * height) / CODES_BEFORE_CLEAR) + 2);
  let at = 0;
  for (let pixel = 0; pixel < width * height; pixel++) {
    if (pixel % CODES_BEFORE_CLEAR === 0) codes[at++] = 128;
    codes[at++] = indexAt(pixel % width, Math.floor(pixel / width));
  }
  codes[at++] = 129;
  return codes.subarray(0, at);
}

function subBlocks(bytes: Uint8Array): Uint8Array {
  const blocks = new Uint8Array(bytes.length + Math.ceil(bytes.length / 255) + 1);
  let to = 0;
  for (let from = 0; from < bytes.length; from += 255) {
    const block = bytes.subarray(from, from + 255);
    blocks[to++] = block.length;
    blocks.set(block, to);
    to += block.length;
  }
  return blocks.subarray(0, to + 1);
}

/** Colours of the palette by index: a ramp from blue to yellow. */
export function gifColour(index: number): [number, number, number] {
  return [index * 2, index * 2, 255 - index * 2];
}

/** A GIF of one frame with 128 colours, stored without compression. */
export function buildGif(options: GifOptions): Uint8Array {
  const { width, height, left = 0, top = 0, screen = { width, height }, commentBytes = 0 } = options;
  const palette = Array.from({ length: 128 }, (_, index) => gifColour(index)).flat();
  return bytesOf(
    "GIF89a",
    u16(screen.width, true),
    u16(screen.height, true),
    [0xf6, 0, 0],
    palette,
    ...(commentBytes > 0 ? [[0x21, 0xfe], subBlocks(new Uint8Array(commentBytes))] : []),
    [0x2c],
    u16(left, true),
    u16(top, true),
    u16(width, true),
    u16(height, true),
    [0, 7],
    subBlocks(uncompressedCodes(options)),
    [0x3b],
  );
}
