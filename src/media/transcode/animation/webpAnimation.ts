import { asciiAt, concat, viewOf } from "../../inspect/bytes/bytes.ts";
import type { ByteSource } from "../../inspect/bytes/byteSource.ts";
import type { DecoderMemory } from "../decoderMemory.ts";
import { readAhead } from "../readAhead.ts";
import type { RgbaImage } from "../rgbaImage.ts";
import type { Size } from "../resize/scaledSize.ts";
import { decodeWebp, MAX_WEBP_DECODER_BYTES } from "../webp/decodeWebp.ts";
import type { Animation, AnimationFrame, FrameArea } from "./animation.ts";
import { drawRow } from "./canvas.ts";

/** The chunk of a frame, which is held in JavaScript and copied to the decoder's memory. */
export const MAX_WEBP_FRAME_BYTES = 6 * 1024 * 1024;
const WINDOW_BYTES = 256 * 1024;
/** Chunks before and between frames. */
const MAX_CHUNKS = 1000;
/** Fields of ANMF before its image data; RFC 9649 §2.7.1.1. */
const FRAME_HEADER_BYTES = 16;
const ALPHA_FLAG = 0x10;

function uint24(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16);
}

function chunk(type: string, content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8 + content.length + (content.length % 2));
  bytes.set(Array.from(type, (letter) => letter.charCodeAt(0)));
  viewOf(bytes).setUint32(4, content.length, true);
  bytes.set(content, 8);
  return bytes;
}

/** Makes a still image of the data of a frame, whose transparency is announced in front. */
function stillImage(data: Uint8Array, { width, height }: Size): Uint8Array {
  const hasAlphaChunk = asciiAt(data, 0, 4) === "ALPH";
  const extended = new Uint8Array(10);
  extended[0] = ALPHA_FLAG;
  viewOf(extended).setUint16(4, (width - 1) & 0xffff, true);
  extended[6] = (width - 1) >> 16;
  viewOf(extended).setUint16(7, (height - 1) & 0xffff, true);
  extended[9] = (height - 1) >> 16;
  const form = Uint8Array.from("WEBP", (letter) => letter.charCodeAt(0));
  const content = concat([form, ...(hasAlphaChunk ? [chunk("VP8X", extended)] : []), data]);
  return chunk("RIFF", content);
}

interface WebpFrame {
  area: FrameArea;
  clears: boolean;
  blends: boolean;
  dataAt: number;
  dataBytes: number;
}

function readFrame(head: Uint8Array, at: number, sizeBytes: number): WebpFrame {
  const flags = head[15] ?? 0;
  return {
    area: {
      left: uint24(head, 0) * 2,
      top: uint24(head, 3) * 2,
      width: uint24(head, 6) + 1,
      height: uint24(head, 9) + 1,
    },
    clears: (flags & 1) === 1,
    blends: (flags & 2) === 0,
    dataAt: at + FRAME_HEADER_BYTES,
    dataBytes: sizeBytes - FRAME_HEADER_BYTES,
  };
}

async function drawFrame(
  source: ByteSource,
  { area, blends, dataAt, dataBytes }: WebpFrame,
  canvas: RgbaImage,
): Promise<void> {
  const image = await decodeWebp(stillImage(await source.read(dataAt, dataBytes), area));
  const stride = image.width * 4;
  for (let y = 0; y < image.height; y++) {
    const row = image.rgba.subarray(y * stride, (y + 1) * stride);
    drawRow(canvas, row, { left: area.left, top: area.top + y, blends });
  }
}

async function* framesOf(
  source: ByteSource,
  canvas: Size,
  memory: DecoderMemory,
): AsyncGenerator<AnimationFrame, void, undefined> {
  let at = 12;
  for (let count = 0; count < MAX_CHUNKS; count++) {
    const head = Uint8Array.from(await source.read(at, 8 + FRAME_HEADER_BYTES));
    if (head.length < 8 + FRAME_HEADER_BYTES) return;
    const sizeBytes = viewOf(head).getUint32(4, true);
    const isFrame = asciiAt(head, 0, 4) === "ANMF" && sizeBytes > FRAME_HEADER_BYTES;
    const frame = readFrame(head.subarray(8), at + 8, sizeBytes);
    at += 8 + sizeBytes + (sizeBytes % 2);
    if (!isFrame) continue;
    const { area, clears, dataBytes } = frame;
    // The canvas bounds the pixels of a frame; at the end of the file one may be truncated.
    const isWithin = area.left + area.width <= canvas.width && area.top + area.height <= canvas.height;
    if (!isWithin || dataBytes > MAX_WEBP_FRAME_BYTES || at > source.sizeBytes + 1) return;
    memory.hold("webp", MAX_WEBP_DECODER_BYTES + area.width * area.height * 4 + 2 * dataBytes);
    const draw = async (target: RgbaImage) => await drawFrame(source, frame, target);
    yield { ...area, disposal: clears ? "clear" : "keep", draw };
  }
}

/** Opens an animated WebP (RFC 9649); one without frames if it is a still image. */
export async function webpAnimation(file: ByteSource, memory: DecoderMemory): Promise<Animation> {
  const source = readAhead(file, WINDOW_BYTES);
  memory.hold("window", WINDOW_BYTES);
  const head = Uint8Array.from(await source.read(12, 18));
  const isExtended = asciiAt(head, 0, 4) === "VP8X";
  const canvas = { width: uint24(head, 12) + 1, height: uint24(head, 15) + 1 };
  return isExtended
    ? { ...canvas, frames: framesOf(source, canvas, memory) }
    : { width: 0, height: 0, frames: framesOf(source, { width: 0, height: 0 }, memory) };
}
