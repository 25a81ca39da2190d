/** Builds small PNGs with known pixels. */

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (CRC[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
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

export interface PngSpec {
  width: number;
  height: number;
  /** 0 greyscale, 2 RGB, 3 palette, 4 greyscale and alpha, 6 RGBA. */
  colourType: number;
  bitDepth?: number;
  interlaced?: boolean;
  /** Each row is its filter type, then the filtered bytes. */
  rows: number[][];
  palette?: number[];
  transparency?: number[];
  /** The number of IDAT chunks. */
  idatChunks?: number;
  /** ICC profile. */
  icc?: Uint8Array;
}

export async function buildPng(spec: PngSpec): Promise<Uint8Array<ArrayBuffer>> {
  return await encodePng(spec, new Uint8Array(spec.rows.flat()));
}

/** Builds a PNG of unfiltered or filtered rows that are already concatenated. */
export async function encodePng(spec: Omit<PngSpec, "rows">, rows: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, spec.width);
  view.setUint32(4, spec.height);
  header.set([spec.bitDepth ?? 8, spec.colourType, 0, 0, spec.interlaced === true ? 1 : 0], 8);
  const pixels = await deflate(rows);
  const step = Math.ceil(pixels.length / (spec.idatChunks ?? 1));
  const parts = [new Uint8Array(SIGNATURE), chunk("IHDR", header)];
  if (spec.icc !== undefined) {
    const head = new TextEncoder().encode("profile\0\0");
    parts.push(chunk("iCCP", new Uint8Array([...head, ...(await deflate(spec.icc))])));
  }
  if (spec.palette !== undefined) parts.push(chunk("PLTE", new Uint8Array(spec.palette)));
  if (spec.transparency !== undefined) parts.push(chunk("tRNS", new Uint8Array(spec.transparency)));
  for (let at = 0; at < pixels.length; at += step) parts.push(chunk("IDAT", pixels.subarray(at, at + step)));
  parts.push(chunk("IEND", new Uint8Array()));
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** A PNG of one RGBA colour. */
export async function plainPng(width: number, height: number, colour: number[]): Promise<Uint8Array> {
  const row = [0, ...Array.from({ length: width }, () => colour).flat()];
  return await buildPng({ width, height, colourType: 6, rows: Array.from({ length: height }, () => row) });
}
