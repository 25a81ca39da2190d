/** Decodes the small PNGs that Cloudflare Images makes in tests: 8 bits a channel, without interlacing. */
import { asciiAt, concat, viewOf } from "../../../src/media/inspect/bytes/bytes.ts";
import { inflate } from "../../../src/media/inspect/bytes/decompression.ts";
import { samplesByColourType } from "../../../src/media/transcode/png/pngChunks.ts";
import { unfilterRow } from "../../../src/media/transcode/png/pngFilter.ts";
import type { RgbaImage } from "../../../src/media/transcode/rgbaImage.ts";

const MAX_EDGE_PX = 512;

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
  const channels = samplesByColourType.get(view.getUint8(at + 9));
  const isSupported = view.getUint8(at + 8) === 8 && view.getUint8(at + 12) === 0;
  if (channels === undefined || !isSupported || width < 1 || height < 1 || Math.max(width, height) > MAX_EDGE_PX) {
    throw new Error(`unsupported PNG: 8 bits a channel, not interlaced, at most ${MAX_EDGE_PX} pixels a side`);
  }
  const none = new Uint8Array();
  return { width, height, channels, data: [], palette: none, transparency: none };
}

function readChunks(bytes: Uint8Array): Chunks {
  const view = viewOf(bytes);
  let chunks: Chunks | null = null;
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = view.getUint32(at);
    const type = asciiAt(bytes, at + 4, 4);
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

/** Converts one pixel's samples to RGBA. */
function pixelOf(samples: Uint8Array, chunks: Chunks, isPalette: boolean): [number, number, number, number] {
  const [a = 0, b = 0, c = 0, d = 0] = samples;
  if (isPalette) {
    const [red = 0, green = 0, blue = 0] = chunks.palette.subarray(a * 3, a * 3 + 3);
    return [red, green, blue, chunks.transparency[a] ?? 255];
  }
  if (chunks.channels === 1) return [a, a, a, 255];
  if (chunks.channels === 2) return [a, a, a, b];
  return chunks.channels === 3 ? [a, b, c, 255] : [a, b, c, d];
}

/** Decodes a PNG to RGBA. Throws for other forms of PNG, damaged or incomplete data. */
export async function decodePng(bytes: Uint8Array): Promise<RgbaImage> {
  const chunks = readChunks(bytes);
  const { width, height, channels } = chunks;
  const rowBytes = 1 + width * channels;
  const pixels = await inflate(concat(chunks.data), rowBytes * height);
  if (pixels === null || pixels.length < rowBytes * height)
    throw new Error("the PNG's pixel data is damaged or incomplete");
  const rgba = new Uint8Array(width * height * 4);
  const isPalette = chunks.palette.length > 0 && channels === 1;
  let previous: Uint8Array = new Uint8Array(rowBytes);
  for (let y = 0; y < height; y++) {
    const row = pixels.subarray(y * rowBytes, (y + 1) * rowBytes);
    unfilterRow(row, previous, channels);
    for (let x = 0; x < width; x++) {
      const samples = row.subarray(1 + x * channels, 1 + (x + 1) * channels);
      rgba.set(pixelOf(samples, chunks, isPalette), (y * width + x) * 4);
    }
    previous = row;
  }
  return { width, height, rgba };
}
