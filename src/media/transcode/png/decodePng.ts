/** Decodes a small PNG to RGBA: what Images makes for us, 8 bits a channel, not interlaced. No general decoder. */

export interface Picture {
  width: number;
  height: number;
  /** Four bytes a pixel, row by row, not premultiplied. */
  rgba: Uint8Array;
}

/** A thumbhash needs 100 × 100; more than this is no picture we asked for. */
const MAX_EDGE = 512;

/** Channels by PNG colour type: grey, RGB, palette, grey + alpha, RGBA. */
const channelsOf: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

interface Chunks {
  width: number;
  height: number;
  channels: number;
  data: Uint8Array[];
  palette: Uint8Array;
  transparency: Uint8Array;
}

function readHeader(view: DataView, at: number): Chunks {
  const width = view.getUint32(at);
  const height = view.getUint32(at + 4);
  const channels = channelsOf[view.getUint8(at + 9)];
  const plain = view.getUint8(at + 8) === 8 && view.getUint8(at + 12) === 0;
  if (channels === undefined || !plain || width < 1 || height < 1 || width > MAX_EDGE || height > MAX_EDGE) {
    throw new Error("not a PNG of the form that was asked for");
  }
  const none = new Uint8Array();
  return { width, height, channels, data: [], palette: none, transparency: none };
}

function readChunks(bytes: Uint8Array): Chunks {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let chunks: Chunks | null = null;
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const content = bytes.subarray(at + 8, at + 8 + length);
    if (content.length < length) break;
    if (type === "IHDR") chunks = readHeader(view, at + 8);
    else if (chunks !== null && type === "PLTE") chunks.palette = content;
    else if (chunks !== null && type === "tRNS") chunks.transparency = content;
    else if (chunks !== null && type === "IDAT") chunks.data.push(content);
    at += 12 + length;
  }
  if (chunks === null) throw new Error("not a PNG");
  return chunks;
}

async function inflate(parts: Uint8Array[]): Promise<Uint8Array> {
  const stream = new Blob(parts).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** PNG §9.4: the neighbour closest to left + above - upper left. */
function paeth(left: number, above: number, corner: number): number {
  const guess = left + above - corner;
  const [toLeft, toAbove, toCorner] = [Math.abs(guess - left), Math.abs(guess - above), Math.abs(guess - corner)];
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}

function predict(filter: number, left: number, above: number, corner: number): number {
  if (filter === 1) return left;
  if (filter === 2) return above;
  if (filter === 3) return (left + above) >> 1;
  return filter === 4 ? paeth(left, above, corner) : 0;
}

function unfilter(raw: Uint8Array, height: number, stride: number, step: number): Uint8Array {
  if (raw.length < (stride + 1) * height) throw new Error("the PNG's pixels end early");
  const out = new Uint8Array(stride * height);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)] ?? 0;
    for (let x = 0; x < stride; x++) {
      const at = y * stride + x;
      const left = x >= step ? (out[at - step] ?? 0) : 0;
      const above = y > 0 ? (out[at - stride] ?? 0) : 0;
      const corner = x >= step && y > 0 ? (out[at - stride - step] ?? 0) : 0;
      out[at] = (raw[y * (stride + 1) + 1 + x] ?? 0) + predict(filter, left, above, corner);
    }
  }
  return out;
}

/** One pixel's samples as RGBA. */
function colourOf(samples: Uint8Array, chunks: Chunks, isPalette: boolean): [number, number, number, number] {
  const [a = 0, b = 0, c = 0, d = 0] = samples;
  if (isPalette) {
    const [red = 0, green = 0, blue = 0] = chunks.palette.subarray(a * 3, a * 3 + 3);
    return [red, green, blue, chunks.transparency[a] ?? 255];
  }
  if (chunks.channels === 1) return [a, a, a, 255];
  if (chunks.channels === 2) return [a, a, a, b];
  return chunks.channels === 3 ? [a, b, c, 255] : [a, b, c, d];
}

export async function decodePng(bytes: Uint8Array): Promise<Picture> {
  const chunks = readChunks(bytes);
  const { width, height, channels } = chunks;
  const pixels = unfilter(await inflate(chunks.data), height, width * channels, channels);
  const rgba = new Uint8Array(width * height * 4);
  for (let i = 0; i < width * height; i++) {
    const samples = pixels.subarray(i * channels, (i + 1) * channels);
    rgba.set(colourOf(samples, chunks, chunks.palette.length > 0 && channels === 1), i * 4);
  }
  return { width, height, rgba };
}
