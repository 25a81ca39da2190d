/** The picture that is being decoded, its slice and the macroblock at hand; ITU-T H.264 §6.4. */

/** Kinds of macroblocks in I slices; H.264 Table 7-11. Zero means that the macroblock isn't decoded. */
export const INTRA_4X4: u8 = 1;
export const INTRA_8X8: u8 = 2;
export const INTRA_16X16: u8 = 3;
export const INTRA_PCM: u8 = 4;

/** Kept for each macroblock of the picture: later ones depend on it, and so does the deblocking filter. */
@unmanaged
export class Macroblock {
  /** Number of its slice, from 1; 0 until it is decoded. */
  slice: i32;
  kind: u8;
  /** QP of luma; H.264 §7.4.5. */
  qp: u8;
  /** coded_block_pattern: four bits for luma, then chroma times 16. */
  pattern: u8;
  /** Coded DC blocks: 1 luma of Intra 16 × 16, 2 Cb, 4 Cr. */
  dcFlags: u8;
  chromaMode: u8;
  hasTransform8: u8;
  /** disable_deblocking_filter_idc. */
  filterMode: u8;
  filterOffsetA: i8;
  filterOffsetB: i8;
  cbOffset: i8;
  crOffset: i8;
}

/** Numbers of coefficients: 16 blocks of luma row by row, 4 of Cb, 4 of Cr. Bytes behind the fields above. */
export const COUNTS: usize = 16;
/** Prediction modes of the 16 blocks of luma, row by row. */
export const MODES: usize = 40;
const MACROBLOCK_BYTES: usize = 64;

@unmanaged
export class Picture {
  /** Size in macroblocks. */
  width: i32;
  height: i32;
  isMonochrome: bool;
  lumaStride: usize;
  chromaStride: usize;
  luma: usize;
  cb: usize;
  cr: usize;
  macroblocks: usize;
  decodedMacroblocks: i32;
}

export const picture = changetype<Picture>(memory.data(offsetof<Picture>(), 16));

/** Fields that the caller sets from the slice header and its picture parameter set, in this order. */
@unmanaged
export class Slice {
  number: i32;
  firstMacroblock: i32;
  qp: i32;
  isCabac: i32;
  /** transform_8x8_mode_flag. */
  allowsTransform8: i32;
  filterMode: i32;
  filterOffsetA: i32;
  filterOffsetB: i32;
  cbOffset: i32;
  crOffset: i32;
}

export const slice = changetype<Slice>(memory.data(offsetof<Slice>(), 16));

/** The macroblock at hand. Addresses of neighbours are 0 if they belong to another slice; H.264 §6.4.9. */
@unmanaged
export class Current {
  address: i32;
  macroblock: usize;
  left: usize;
  above: usize;
  aboveLeft: usize;
  aboveRight: usize;
  luma: usize;
  cb: usize;
  cr: usize;
  /** QP of the previous macroblock of the slice, and its mb_qp_delta. */
  qp: i32;
  qpDelta: i32;
  /** Intra 16 × 16 prediction mode. */
  mode16: i32;
  isDamaged: bool;
}

export const current = changetype<Current>(memory.data(offsetof<Current>(), 16));

/** Coefficients of the macroblock: 16 luma blocks in coding order, 4 of Cb, 4 of Cr, column by column. */
export const coefficients: usize = memory.data(384 * 4, 16);
/** DC coefficients: 16 of Intra 16 × 16, 4 of Cb, 4 of Cr. */
export const dcCoefficients: usize = memory.data(24 * 4, 16);

/** Kernels may read this far beyond a plane. */
const PADDING: usize = 64;

function align(bytes: usize): usize {
  return (bytes + 15) & ~15;
}

/** Bytes that a picture of this size in macroblocks takes. */
export function pictureBytes(width: i32, height: i32, isMonochrome: i32): i32 {
  const macroblocks: usize = <usize>width * height;
  return <i32>(macroblocks * (MACROBLOCK_BYTES + (isMonochrome ? 256 : 384)) + PADDING);
}

/** Lays out an empty picture at an address aligned to 16 bytes. */
export function startPicture(at: usize, width: i32, height: i32, isMonochrome: i32): void {
  const macroblocks: usize = <usize>width * height;
  picture.width = width;
  picture.height = height;
  picture.isMonochrome = isMonochrome !== 0;
  picture.lumaStride = (<usize>width) << 4;
  picture.chromaStride = (<usize>width) << 3;
  picture.macroblocks = at;
  picture.luma = at + macroblocks * MACROBLOCK_BYTES;
  picture.cb = align(picture.luma + (macroblocks << 8));
  picture.cr = picture.cb + (isMonochrome ? 0 : macroblocks << 6);
  picture.decodedMacroblocks = 0;
  memory.fill(at, 0, macroblocks * MACROBLOCK_BYTES);
  memory.fill(coefficients, 0, 384 * 4);
}

/** Address of a plane: 0 luma, 1 Cb, 2 Cr. */
export function planeAt(index: i32): i32 {
  return <i32>(index === 0 ? picture.luma : index === 1 ? picture.cb : picture.cr);
}

export function macroblockAt(address: i32): usize {
  return picture.macroblocks + <usize>address * MACROBLOCK_BYTES;
}

/** Address of a macroblock that precedes in the same slice; otherwise 0. */
function neighbour(address: i32, isInside: bool): usize {
  if (!isInside) return 0;
  const at = macroblockAt(address);
  return changetype<Macroblock>(at).slice === slice.number ? at : 0;
}

/** Moves to the macroblock with this address; false if the picture lacks it or has it already. */
export function enterMacroblock(address: i32): bool {
  const width = picture.width;
  if (address < 0 || address >= width * picture.height) return false;
  const x = address % width;
  const y = address / width;
  current.address = address;
  current.macroblock = macroblockAt(address);
  const macroblock = changetype<Macroblock>(current.macroblock);
  if (macroblock.slice !== 0) return false;
  current.left = neighbour(address - 1, x > 0);
  current.above = neighbour(address - width, y > 0);
  current.aboveLeft = neighbour(address - width - 1, y > 0 && x > 0);
  current.aboveRight = neighbour(address - width + 1, y > 0 && x + 1 < width);
  current.luma = picture.luma + <usize>y * (picture.lumaStride << 4) + ((<usize>x) << 4);
  const chroma = <usize>y * (picture.chromaStride << 3) + ((<usize>x) << 3);
  current.cb = picture.cb + chroma;
  current.cr = picture.cr + chroma;
  macroblock.filterMode = <u8>slice.filterMode;
  macroblock.filterOffsetA = <i8>slice.filterOffsetA;
  macroblock.filterOffsetB = <i8>slice.filterOffsetB;
  macroblock.cbOffset = <i8>slice.cbOffset;
  macroblock.crOffset = <i8>slice.crOffset;
  return true;
}

const CHROMA_QP: usize = memory.data<u8>([
  29, 30, 31, 32, 32, 33, 34, 34, 35, 35, 36, 36, 37, 37, 37, 38, 38, 38, 39, 39, 39, 39,
]);

/** QP of chroma; H.264 Table 8-15. */
export function chromaQp(qp: i32, offset: i32): i32 {
  const index = min(51, max(0, qp + offset));
  return index < 30 ? index : <i32>load<u8>(CHROMA_QP + <usize>(index - 30));
}
