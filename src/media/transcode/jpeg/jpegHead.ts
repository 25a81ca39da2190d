/** Reads a JPEG up to its first scan: quantization, Huffman tables, frame and colour segments. */
import { asciiAt, viewOf } from "../../inspect/bytes/bytes.ts";
import { TruncatedFileError } from "./encodedJpeg.ts";
import type { ForwardReader } from "../forwardReader.ts";
import type { DecoderMemory } from "../decoderMemory.ts";
import { buildLookup, HUFFMAN_LOOKUP_BYTES, type HuffmanLookup } from "./jpegScan.ts";
import { segment } from "./jpegSegments.ts";
import type { HuffmanTable } from "./jpegTables.ts";

export interface FrameComponent {
  id: number;
  horizontalSampling: number;
  verticalSampling: number;
  /** Id of its quantization table. */
  table: number;
  dc: HuffmanLookup;
  ac: HuffmanLookup;
}

export interface JpegHeader {
  width: number;
  height: number;
  components: FrameComponent[];
  /** Quantization tables by id, in zigzag order. */
  quantization: Map<number, number[]>;
  restartInterval: number;
  /** ICC profile and Adobe colour transform, copied verbatim. */
  colourSegments: Uint8Array[];
}

const MAX_SEGMENTS = 1000;
/** Beyond it all colour segments are omitted. Profiles of cameras have some KB, those of printers up to 3 MB. */
export const MAX_COLOUR_SEGMENT_BYTES = 4 * 1024 * 1024;
/** Table ids are 0 to 3 in two classes, DC and AC; T.81 §B.2.4.2. */
const HUFFMAN_KINDS = [0x00, 0x01, 0x02, 0x03, 0x10, 0x11, 0x12, 0x13];
/** A marker and a 16-bit length. */
const MAX_SEGMENT_BYTES = 65_537;

interface Draft {
  header: JpegHeader;
  frame: { id: number; horizontalSampling: number; verticalSampling: number; table: number }[];
  /** Tables by class and id. Only the tables of the scan are expanded to lookups. */
  huffman: Map<number, HuffmanTable>;
  colourBytes: number;
}

function parseQuantization(content: Uint8Array, { header }: Draft): void {
  for (let at = 0; at < content.length;) {
    const kind = content[at++] ?? 0;
    const bytes = kind >> 4 === 0 ? 1 : 2;
    const view = viewOf(content.subarray(at, at + 64 * bytes));
    header.quantization.set(
      kind & 15,
      Array.from({ length: 64 }, (_, i) => (bytes === 1 ? view.getUint8(i) : view.getUint16(i * 2))),
    );
    at += 64 * bytes;
  }
}

function parseHuffman(content: Uint8Array, { huffman }: Draft): void {
  for (let at = 0; at + 17 <= content.length;) {
    const kind = content[at] ?? 0;
    const counts = [...content.subarray(at + 1, at + 17)];
    const count = counts.reduce((sum, next) => sum + next, 0);
    if (!HUFFMAN_KINDS.includes(kind)) throw new Error("the JPEG header has an invalid Huffman table");
    huffman.set(kind, { counts, symbols: [...content.subarray(at + 17, at + 17 + count)] });
    at += 17 + count;
  }
}

function parseFrame(marker: number, content: Uint8Array, draft: Draft): void {
  if (marker === 0xc2)
    throw new Error("a progressive JPEG over 20 MB can't be reduced: its coefficients don't fit in memory");
  if (marker > 0xc1 || content[0] !== 8)
    throw new Error("unsupported JPEG coding: baseline or extended sequential with 8 bits is needed");
  const view = viewOf(content);
  draft.header.height = view.getUint16(1);
  draft.header.width = view.getUint16(3);
  draft.frame = Array.from({ length: view.getUint8(5) }, (_, i) => {
    const [id, sampling, table] = [6, 7, 8].map((at) => view.getUint8(at + i * 3));
    return {
      id: id ?? 0,
      horizontalSampling: (sampling ?? 0) >> 4,
      verticalSampling: (sampling ?? 0) & 15,
      table: table ?? 0,
    };
  });
}

/** Cameras write a single scan with all components. */
function parseScanHeader(content: Uint8Array, { header, frame, huffman }: Draft, memory: DecoderMemory): JpegHeader {
  memory.hold("huffman", huffman.size * HUFFMAN_LOOKUP_BYTES);
  const lookups = new Map<number, HuffmanLookup>();
  const lookupOf = (kind: number): HuffmanLookup | undefined => {
    const table = huffman.get(kind);
    const lookup = lookups.get(kind) ?? (table === undefined ? undefined : buildLookup(table));
    if (lookup !== undefined) lookups.set(kind, lookup);
    return lookup;
  };
  const count = content[0] ?? 0;
  if (count === 0 || count !== frame.length) throw new Error("unsupported JPEG with several scans");
  header.components = frame.map((component, i) => {
    const tables = content[2 + i * 2] ?? 0;
    const [dc, ac] = [lookupOf(tables >> 4), lookupOf(16 + (tables & 15))];
    if (
      content[1 + i * 2] !== component.id ||
      dc === undefined ||
      ac === undefined ||
      !header.quantization.has(component.table)
    ) {
      throw new Error("the JPEG header is inconsistent");
    }
    const { horizontalSampling, verticalSampling } = component;
    if (horizontalSampling < 1 || horizontalSampling > 4 || verticalSampling < 1 || verticalSampling > 4)
      throw new Error("the JPEG header has invalid sampling factors");
    return { ...component, dc, ac };
  });
  if (header.width < 1 || header.height < 1) throw new Error("the JPEG has no pixels");
  return header;
}

function isColourSegment(marker: number, content: Uint8Array): boolean {
  const name = asciiAt(content, 0, 12);
  return (marker === 0xe2 && name === "ICC_PROFILE\0") || (marker === 0xee && name.startsWith("Adobe"));
}

function keepColourSegment(marker: number, content: Uint8Array, draft: Draft, memory: DecoderMemory): void {
  draft.colourBytes += content.length;
  if (draft.colourBytes > MAX_COLOUR_SEGMENT_BYTES) draft.header.colourSegments = [];
  else {
    // The segments are copied once more into the new file.
    memory.hold("colour", 2 * draft.colourBytes);
    draft.header.colourSegments.push(segment(marker, content));
  }
}

/** Leaves `reader` at the entropy-coded data. Throws for progressive and multi-scan JPEGs and for damaged headers. */
export async function readJpegHeader(reader: ForwardReader, memory: DecoderMemory): Promise<JpegHeader> {
  const header: JpegHeader = {
    width: 0,
    height: 0,
    components: [],
    quantization: new Map(),
    restartInterval: 0,
    colourSegments: [],
  };
  const draft: Draft = { header, frame: [], huffman: new Map(), colourBytes: 0 };
  await reader.ensure(2);
  reader.position += 2;
  for (let count = 0; count < MAX_SEGMENTS; count++) {
    await reader.ensure(MAX_SEGMENT_BYTES);
    const { bytes, position } = reader;
    const marker = bytes[position + 1] ?? 0;
    if (bytes.length < position + 4 || bytes[position] !== 0xff)
      throw new TruncatedFileError("the JPEG header is truncated or damaged");
    if (marker === 0xff) {
      reader.position++;
      continue;
    }
    const length = viewOf(bytes).getUint16(position + 2);
    const content = bytes.subarray(position + 4, position + 2 + length);
    if (content.length < length - 2) throw new TruncatedFileError("the JPEG header is truncated");
    reader.position += 2 + length;
    if (marker === 0xda) return parseScanHeader(content, draft, memory);
    if (marker === 0xdb) parseQuantization(content, draft);
    else if (marker === 0xc4) parseHuffman(content, draft);
    else if (marker === 0xdd) header.restartInterval = viewOf(content).getUint16(0);
    else if (marker >= 0xc0 && marker <= 0xcf) parseFrame(marker, content, draft);
    else if (isColourSegment(marker, content)) keepColourSegment(marker, content, draft, memory);
  }
  throw new Error("the JPEG header has too many segments");
}
