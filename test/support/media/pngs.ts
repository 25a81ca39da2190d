/** Small PNGs written by the test itself, so that every pixel is known. */

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

function chunk(type: string, content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(content.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, content.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(content, 8);
  view.setUint32(content.length + 8, crc32(bytes.subarray(4, content.length + 8)));
  return bytes;
}

async function deflate(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

export interface PngPlan {
  width: number;
  height: number;
  /** 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA. */
  colourType: number;
  bitDepth?: number;
  interlaced?: boolean;
  /** The rows as they are stored: each its filter's number, then its bytes, filtered already. */
  rows: number[][];
  palette?: number[];
  transparency?: number[];
  /** In how many IDAT chunks the pixels come. */
  pieces?: number;
}

export async function pngOf(plan: PngPlan): Promise<Uint8Array> {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, plan.width);
  view.setUint32(4, plan.height);
  header.set([plan.bitDepth ?? 8, plan.colourType, 0, 0, plan.interlaced === true ? 1 : 0], 8);
  const pixels = await deflate(new Uint8Array(plan.rows.flat()));
  const step = Math.ceil(pixels.length / (plan.pieces ?? 1));
  const parts = [new Uint8Array(SIGNATURE), chunk("IHDR", header)];
  if (plan.palette !== undefined) parts.push(chunk("PLTE", new Uint8Array(plan.palette)));
  if (plan.transparency !== undefined) parts.push(chunk("tRNS", new Uint8Array(plan.transparency)));
  for (let at = 0; at < pixels.length; at += step) parts.push(chunk("IDAT", pixels.subarray(at, at + step)));
  parts.push(chunk("IEND", new Uint8Array()));
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** One colour all over, RGBA. */
export async function plainPng(width: number, height: number, colour: number[]): Promise<Uint8Array> {
  const row = [0, ...Array.from({ length: width }, () => colour).flat()];
  return await pngOf({ width, height, colourType: 6, rows: Array.from({ length: height }, () => row) });
}
