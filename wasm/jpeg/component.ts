/** The colour components of the frame, laid out in memory by the caller; see src/media/transcode/scaled/jpeg/. */

@unmanaged
export class Component {
  /** Blocks of an MCU. */
  horizontal: i32;
  vertical: i32;
  /** Pixels that a block becomes. */
  width: i32;
  height: i32;
  /** Lowest coefficients that are used, by column and row: at most 8 each. */
  keptColumns: i32;
  keptRows: i32;
  /** Quantization steps as f32, `keptRows` rows of 8. */
  quantization: usize;
  /** For each zigzag index the coefficient's index in the kept ones, row by row; 64 if it is not used. */
  places: usize;
  /** Vertical basis: `height` rows of 8 f32. */
  verticalBasis: usize;
  /** Horizontal basis: 8 rows of `width` f32, rounded up to a multiple of 4. */
  horizontalBasis: usize;
  /** Pixels of one row of MCUs. */
  strip: usize;
  stripStride: i32;
  dcTable: usize;
  acTable: usize;
  /** DC coefficient of the previous block. */
  dc: i32;
  /** Kept coefficients of all blocks as i16, and a bit for each coefficient that isn't zero: only for several scans. */
  coefficients: usize;
  history: usize;
  /** Blocks from one line to the next, whole MCUs. */
  lineStride: i32;
  /** Blocks of a scan that has only this component. */
  lineBlocks: i32;
  lines: i32;
  /** The lines whose coefficients are stored, from the first to before the end. */
  firstLine: i32;
  endLine: i32;
}

const COMPONENTS: i32 = 3;
const componentBytes: usize = (offsetof<Component>() + 15) & ~15;
const components: usize = memory.data(512, 16);

/** Address of a component, whose fields are 32-bit integers in the order above. */
export function componentAt(index: i32): i32 {
  return <i32>(components + <usize>(index % COMPONENTS) * componentBytes);
}

export function component(index: i32): Component {
  return changetype<Component>(<usize>componentAt(index));
}
