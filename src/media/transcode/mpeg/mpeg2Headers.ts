/** Reads the headers of MPEG-1 and MPEG-2 video; ISO/IEC 11172-2 §2.4.2 and 13818-2 §6.2. */
import { bitReader, type BitReader } from "../../inspect/video/codecs/bitReader.ts";
import { zigzag } from "../jpeg/jpegTables.ts";

export interface Mpeg2Sequence {
  width: number;
  height: number;
  isMpeg1: boolean;
  /** No picture has fields. */
  isProgressive: boolean;
  /** 1 for 4:2:0, 2 for 4:2:2, 3 for 4:4:4. */
  chromaFormat: number;
  /** Width and height of a pixel. */
  pixelAspect: { width: number; height: number };
  /** ITU-T H.273. */
  matrix: number;
  /** Steps of luma and of chroma, row by row. */
  luma: Uint8Array;
  chroma: Uint8Array;
}

export interface Mpeg2Picture {
  isIntra: boolean;
  dcPrecision: number;
  /** 0 for a frame, 1 for the top field, 2 for the bottom field. */
  field: number;
  hasDctType: boolean;
  hasConcealmentVectors: boolean;
  hasNonlinearScale: boolean;
  usesTableOne: boolean;
  alternatesScan: boolean;
}

export const EXTENSIONS = { sequence: 1, display: 2, matrices: 3, coding: 8 };

const UNSPECIFIED = 2;
const FRAME_STRUCTURE = 3;
const INTRA = 1;
/** Shapes of the picture by `aspect_ratio_information` of MPEG-2; 1 has square pixels. */
const DISPLAY_ASPECTS = [0, 0, 4 / 3, 16 / 9, 2.21];
/** Height of a pixel by its width, by `pel_aspect_ratio` of MPEG-1. */
const PIXEL_HEIGHTS = [
  1, 1, 0.6735, 0.7031, 0.7615, 0.8055, 0.8437, 0.8935, 0.9157, 0.9815, 1.0255, 1.0695, 1.095, 1.1575, 1.2015, 1,
];

/** The intra matrix that holds if a sequence has none, row by row. */
// prettier-ignore
const DEFAULT_STEPS = Uint8Array.from([
  8, 16, 19, 22, 26, 27, 29, 34, 16, 16, 22, 24, 27, 29, 34, 37, 19, 22, 26, 27, 29, 34, 34, 38, 22, 22, 26, 27, 29, 34,
  37, 40, 22, 26, 27, 29, 32, 35, 40, 48, 26, 27, 29, 32, 35, 40, 48, 58, 26, 27, 29, 34, 38, 46, 56, 69, 27, 29, 35, 38,
  46, 56, 69, 83,
]);

/** Reads 64 steps in zigzag order, whatever the scan of the picture. */
export function readMatrix(bits: BitReader): Uint8Array {
  const steps = new Uint8Array(64);
  for (const at of zigzag) steps[at] = bits.read(8);
  return steps;
}

/** Reads the sequence header. MPEG-2 has an extension in addition. */
export function parseSequence(content: Uint8Array): Mpeg2Sequence {
  const bits = bitReader(content);
  const [width, height, aspect] = [bits.read(12), bits.read(12), bits.read(4)];
  bits.skip(4 + 18 + 1 + 10 + 1);
  const luma = bits.readFlag() ? readMatrix(bits) : DEFAULT_STEPS;
  const pixelAspect = { width: 1, height: PIXEL_HEIGHTS[aspect] ?? 1 };
  const sequence = { width, height, pixelAspect, luma, chroma: luma };
  return { ...sequence, isMpeg1: true, isProgressive: true, chromaFormat: 1, matrix: UNSPECIFIED };
}

/** `aspect` is that of the sequence header, which MPEG-2 reads as the shape of the whole picture. */
function aspectOf(width: number, height: number, aspect: number): Mpeg2Sequence["pixelAspect"] {
  const shape = DISPLAY_ASPECTS[aspect] ?? 0;
  return shape === 0 ? { width: 1, height: 1 } : { width: shape * height, height: width };
}

/** Applies the sequence extension. `header` is the content of the sequence header. */
export function extendSequence(sequence: Mpeg2Sequence, header: Uint8Array, content: Uint8Array): Mpeg2Sequence {
  const bits = bitReader(content);
  bits.skip(4 + 8);
  const isProgressive = bits.readFlag();
  const chromaFormat = bits.read(2);
  const [width, height] = [sequence.width + bits.read(2) * 4096, sequence.height + bits.read(2) * 4096];
  const pixelAspect = aspectOf(width, height, (header[3] ?? 0) >> 4);
  return { ...sequence, width, height, pixelAspect, isMpeg1: false, isProgressive, chromaFormat };
}

/** Applies the colours of the sequence display extension. */
export function displaySequence(sequence: Mpeg2Sequence, content: Uint8Array): Mpeg2Sequence {
  const bits = bitReader(content);
  bits.skip(4 + 3);
  if (!bits.readFlag()) return sequence;
  bits.skip(16);
  return { ...sequence, matrix: bits.read(8) };
}

/** Applies the matrices of the quant matrix extension. */
export function replaceMatrices(sequence: Mpeg2Sequence, content: Uint8Array): Mpeg2Sequence {
  const bits = bitReader(content);
  bits.skip(4);
  const read = () => (bits.readFlag() ? readMatrix(bits) : null);
  const intra = read();
  read();
  const chroma = read();
  return { ...sequence, luma: intra ?? sequence.luma, chroma: chroma ?? intra ?? sequence.chroma };
}

/** Reads the picture header. MPEG-2 has an extension in addition. */
export function parsePicture(content: Uint8Array): Mpeg2Picture {
  const bits = bitReader(content);
  bits.skip(10);
  return {
    isIntra: bits.read(3) === INTRA,
    dcPrecision: 0,
    field: 0,
    hasDctType: false,
    hasConcealmentVectors: false,
    hasNonlinearScale: false,
    usesTableOne: false,
    alternatesScan: false,
  };
}

/** Applies the picture coding extension. */
export function extendPicture(picture: Mpeg2Picture, content: Uint8Array): Mpeg2Picture {
  const bits = bitReader(content);
  bits.skip(4 + 16);
  const [dcPrecision, structure] = [bits.read(2), bits.read(2)];
  bits.skip(1);
  const hasFrameDct = bits.readFlag();
  return {
    ...picture,
    dcPrecision,
    field: structure === FRAME_STRUCTURE ? 0 : structure,
    hasDctType: structure === FRAME_STRUCTURE && !hasFrameDct,
    hasConcealmentVectors: bits.readFlag(),
    hasNonlinearScale: bits.readFlag(),
    usesTableOne: bits.readFlag(),
    alternatesScan: bits.readFlag(),
  };
}
