/** Reads the headers of MPEG-4 part 2 video; ISO/IEC 14496-2 §6.2. */
import { bitReader, type BitReader } from "../../inspect/video/codecs/bitReader.ts";
import { zigzag } from "../jpeg/jpegTables.ts";
import { UnsupportedImageError } from "../scaled/unsupportedImage.ts";

export interface Mpeg4Layer {
  width: number;
  height: number;
  /** Width and height of a pixel. */
  pixelAspect: { width: number; height: number };
  timeBits: number;
  isInterlaced: boolean;
  /** Steps row by row; null for the quantizer of H.263. */
  steps: Uint8Array | null;
  hasPackets: boolean;
}

export interface Mpeg4Vop {
  /** Bits of the header. */
  headerBits: number;
  /** Below this scale, DC has separate codes. */
  dcThreshold: number;
  alternatesScan: boolean;
  scale: number;
}

export interface VideoSignal {
  /** ITU-T H.273. */
  matrix: number;
  isFullRange: boolean;
}

const INTRA = 0;
const EXTENDED_ASPECT = 15;
/** By `aspect_ratio_info`; Table 6-12. */
const PIXEL_ASPECTS = [
  [1, 1],
  [1, 1],
  [12, 11],
  [10, 11],
  [16, 11],
  [40, 33],
] as const;
/** By `intra_dc_vlc_thr`; Table 6-21. */
const DC_THRESHOLDS = [32, 13, 15, 17, 19, 21, 23, 0];
const VBV_BITS = 79;
const MAX_WARPING_BITS = 9;
/** Seconds that may lie between two pictures. */
const MAX_SECONDS = 1000;
const VIDEO = 1;

/** The intra matrix that holds if a layer has none, row by row; §6.3.3. */
// prettier-ignore
const DEFAULT_STEPS = Uint8Array.from([
  8, 17, 18, 19, 21, 23, 25, 27, 17, 18, 19, 21, 23, 25, 27, 28, 20, 21, 22, 23, 24, 26, 28, 30, 21, 22, 23, 24, 26, 28,
  30, 32, 22, 23, 24, 26, 28, 30, 32, 35, 23, 24, 26, 28, 30, 32, 35, 38, 25, 26, 28, 30, 32, 35, 38, 41, 27, 28, 30, 32,
  35, 38, 41, 45,
]);

/** Reads steps in zigzag order up to a zero: the last one holds for the others. */
function readSteps(bits: BitReader): Uint8Array {
  const steps = new Uint8Array(64);
  let [last, isOpen] = [8, true];
  for (const at of zigzag) {
    const next = isOpen ? bits.read(8) : 0;
    isOpen &&= next !== 0;
    if (isOpen) last = next;
    steps[at] = last;
  }
  return steps;
}

function readPixelAspect(bits: BitReader): Mpeg4Layer["pixelAspect"] {
  const info = bits.read(4);
  const [width, height] = info === EXTENDED_ASPECT ? [bits.read(8), bits.read(8)] : (PIXEL_ASPECTS[info] ?? [1, 1]);
  return width === 0 || height === 0 ? { width: 1, height: 1 } : { width, height };
}

function skipControlParameters(bits: BitReader): void {
  if (!bits.readFlag()) return;
  bits.skip(3);
  if (bits.readFlag()) bits.skip(VBV_BITS);
}

/** Reads vop_time_increment_resolution and what depends on it; returns the bits of vop_time_increment. */
function readTimeBits(bits: BitReader): number {
  bits.skip(1);
  const resolution = bits.read(16);
  const timeBits = Math.max(1, 32 - Math.clz32(Math.max(resolution, 1) - 1));
  bits.skip(1);
  if (bits.readFlag()) bits.skip(timeBits);
  return timeBits;
}

function refuse(feature: string): never {
  throw new UnsupportedImageError(`MPEG-4 video with ${feature}`);
}

/** Reads sprite_enable: a static sprite isn't a picture. */
function readSprite(bits: BitReader, version: number): void {
  const sprite = bits.read(version === 1 ? 1 : 2);
  if (sprite === 1) refuse("a sprite");
  if (sprite === 2) bits.skip(MAX_WARPING_BITS);
}

function readQuantizer(bits: BitReader): Uint8Array | null {
  if (bits.readFlag()) refuse("more than 8 bits a sample");
  if (!bits.readFlag()) return null;
  const steps = bits.readFlag() ? readSteps(bits) : DEFAULT_STEPS;
  if (bits.readFlag()) readSteps(bits);
  return steps;
}

/** Reads the tools behind the quantizer; returns whether there are video packets. */
function readTools(bits: BitReader, version: number): boolean {
  if (version !== 1) bits.skip(1);
  if (!bits.readFlag()) refuse("complexity estimation");
  const hasPackets = !bits.readFlag();
  if (bits.readFlag()) refuse("data partitioning");
  if (version !== 1 && bits.read(2) !== 0) refuse("other sizes of pictures");
  if (bits.readFlag()) refuse("scalability");
  return hasPackets;
}

/** Reads a video object layer. Throws `UnsupportedImageError` for tools that no camera uses. */
export function parseLayer(content: Uint8Array): Mpeg4Layer {
  const bits = bitReader(content);
  bits.skip(9);
  const version = bits.readFlag() ? bits.read(7) >> 3 : 1;
  const pixelAspect = readPixelAspect(bits);
  skipControlParameters(bits);
  if (bits.read(2) !== 0) refuse("shapes");
  const timeBits = readTimeBits(bits);
  bits.skip(1);
  const width = bits.read(13);
  bits.skip(1);
  const height = bits.read(13);
  bits.skip(1);
  const isInterlaced = bits.readFlag();
  bits.skip(1);
  readSprite(bits, version);
  const steps = readQuantizer(bits);
  return { width, height, pixelAspect, timeBits, isInterlaced, steps, hasPackets: readTools(bits, version) };
}

/** Reads the colours of a visual object; null if it has none. */
export function parseVisualObject(content: Uint8Array): VideoSignal | null {
  const bits = bitReader(content);
  if (bits.readFlag()) bits.skip(7);
  if (bits.read(4) !== VIDEO || !bits.readFlag()) return null;
  bits.skip(3);
  const isFullRange = bits.readFlag();
  if (!bits.readFlag()) return { matrix: 2, isFullRange };
  bits.skip(16);
  return { matrix: bits.read(8), isFullRange };
}

/** Reads the header of a video object plane; null for one that isn't intra or isn't coded. */
export function parseVop(content: Uint8Array, { timeBits, isInterlaced }: Mpeg4Layer): Mpeg4Vop | null {
  const bits = bitReader(content);
  if (bits.read(2) !== INTRA) return null;
  for (let seconds = 0; bits.readFlag(); seconds++) if (seconds === MAX_SECONDS) return null;
  bits.skip(1 + timeBits + 1);
  if (!bits.readFlag()) return null;
  const dcThreshold = DC_THRESHOLDS[bits.read(3)] ?? 0;
  if (isInterlaced) bits.skip(1);
  const alternatesScan = isInterlaced && bits.readFlag();
  const scale = bits.read(5);
  return scale === 0 ? null : { headerBits: bits.position(), dcThreshold, alternatesScan, scale };
}
