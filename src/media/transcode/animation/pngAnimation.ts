import { asciiAt, viewOf } from "../../inspect/bytes/bytes.ts";
import type { ByteRange, ByteSource } from "../../inspect/bytes/byteSource.ts";
import type { DecoderMemory } from "../decoderMemory.ts";
import { forwardReader } from "../forwardReader.ts";
import { INFLATE_INPUT_BYTES, INFLATE_MEMORY_BYTES, inflateStream } from "../inflateStream.ts";
import { readPngHeader, type PngHeader } from "../png/pngChunks.ts";
import { readAhead } from "../readAhead.ts";
import type { RgbaImage } from "../rgbaImage.ts";
import { pngRowBytes } from "../scaled/png/pngKernel.ts";
import { pngPasses } from "../scaled/png/pngPasses.ts";
import { pngRowCollector } from "../scaled/png/pngRowCollector.ts";
import type { Animation, AnimationFrame, Disposal, FrameArea } from "./animation.ts";
import { drawRow } from "./canvas.ts";

const WINDOW_BYTES = 256 * 1024;
/** Chunks of 8 KiB of a file of 80 MB. */
const MAX_CHUNKS = 10_000;
const SIGNATURE_BYTES = 8;
/** Length, type and checksum of a chunk. */
const CHUNK_OVERHEAD_BYTES = 12;
/** The sequence number of fdAT. */
const SEQUENCE_BYTES = 4;
const DISPOSALS: readonly Disposal[] = ["keep", "clear", "restore"];

interface PngFrame {
  area: FrameArea;
  disposal: Disposal;
  blends: boolean;
  /** Compressed pixels. */
  data: ByteRange[];
}

/** Reads fcTL; PNG 3 §11.3.6.2. */
function readFrameControl(content: Uint8Array): PngFrame {
  const field = (index: number) => viewOf(content).getUint32(index * 4);
  return {
    area: { width: field(1), height: field(2), left: field(3), top: field(4) },
    disposal: DISPOSALS[content[24] ?? 0] ?? "keep",
    blends: content[25] === 1,
    data: [],
  };
}

/** Collects the frames. The default image is none if no fcTL precedes it. */
async function* framesIn(source: ByteSource): AsyncGenerator<PngFrame, void, undefined> {
  let frame: PngFrame | null = null;
  let at = SIGNATURE_BYTES;
  for (let count = 0; count < MAX_CHUNKS; count++) {
    const head = await source.read(at, 8);
    if (head.length < 8) return;
    const [length, type] = [viewOf(head).getUint32(0), asciiAt(head, 4, 4)];
    const isEnd = type === "IEND";
    if ((isEnd || type === "fcTL") && frame !== null && frame.data.length > 0) yield frame;
    if (isEnd) return;
    if (type === "fcTL") frame = length >= 26 ? readFrameControl(await source.read(at + 8, 26)) : null;
    else if (type === "IDAT") frame?.data.push({ offset: at + 8, length });
    else if (type === "fdAT" && length > SEQUENCE_BYTES)
      frame?.data.push({ offset: at + 8 + SEQUENCE_BYTES, length: length - SEQUENCE_BYTES });
    at += CHUNK_OVERHEAD_BYTES + length;
  }
}

async function* compressedPieces(source: ByteSource, ranges: ByteRange[]): AsyncGenerator<Uint8Array, void, undefined> {
  for (const { offset, length } of ranges) {
    for (let at = 0; at < length; at += INFLATE_INPUT_BYTES) {
      yield Uint8Array.from(await source.read(offset + at, Math.min(INFLATE_INPUT_BYTES, length - at)));
    }
  }
}

async function drawFrame(
  source: ByteSource,
  { area, blends, data }: PngFrame,
  header: PngHeader,
  { canvas, memory }: { canvas: RgbaImage; memory: DecoderMemory },
): Promise<void> {
  const collect = pngRowCollector(header, memory, (pixels, pass, row) => {
    const [left, top] = [area.left + pass.firstColumn, area.top + pass.firstRow + row * pass.rowStep];
    drawRow(canvas, pixels, { left, top, step: pass.columnStep, blends });
  });
  const bytes = pngPasses(header).reduce((sum, pass) => sum + pngRowBytes(header, pass.width) * pass.height, 0);
  const pieces = inflateStream(compressedPieces(source, data), bytes, "the PNG's pixel data is damaged");
  for await (const piece of pieces) if (collect(piece)) return;
}

async function* framesOf(
  source: ByteSource,
  header: PngHeader,
  memory: DecoderMemory,
): AsyncGenerator<AnimationFrame, void, undefined> {
  for await (const frame of framesIn(source)) {
    const { area, disposal } = frame;
    const isWithin = area.left + area.width <= header.width && area.top + area.height <= header.height;
    if (!isWithin || area.width < 1 || area.height < 1) return;
    const frameHeader = { ...header, width: area.width, height: area.height };
    const draw = async (canvas: RgbaImage) => await drawFrame(source, frame, frameHeader, { canvas, memory });
    yield { ...area, disposal, draw };
  }
}

/** Opens an animated PNG; one without frames if it is a still image. Throws for damaged headers. */
export async function pngAnimation(file: ByteSource, memory: DecoderMemory): Promise<Animation> {
  const source = readAhead(file, WINDOW_BYTES);
  memory.hold("window", WINDOW_BYTES);
  const { header } = await readPngHeader(forwardReader(source, memory));
  memory.hold("input", 0);
  memory.hold("inflate", INFLATE_MEMORY_BYTES);
  const { width, height } = header;
  return { width, height, frames: framesOf(source, header, memory) };
}
