/**
 * Places of coefficients in scanning order; ITU-T H.264 §6.4.8 and Tables 8-2 and 8-3 (frames). Blocks are stored column
 * by column: place = column × size + row, so that a vector holds a column.
 */

export const SCAN_4X4: usize = memory.data<u8>([0, 4, 1, 2, 5, 8, 12, 9, 6, 3, 7, 10, 13, 14, 11, 15]);

export const SCAN_8X8: usize = memory.data(64);

/** The scan of 8 × 8 blocks in four interleaved parts of 16; H.264 §7.3.5.3.2. */
export const SCAN_8X8_PARTS: usize = memory.data(64);

/** DC coefficients of chroma are stored in the order of their blocks. */
export const SCAN_DC: usize = memory.data<u8>([0, 1, 2, 3]);

/** Follows the diagonals of Table 8-3, which change direction at the borders. */
export function buildScans(): void {
  let column: i32 = 0;
  let row: i32 = 0;
  for (let i: usize = 0; i < 64; i++) {
    const place = <u8>(column * 8 + row);
    store<u8>(SCAN_8X8 + i, place);
    store<u8>(SCAN_8X8_PARTS + ((i & 3) << 4) + (i >> 2), place);
    const isRising = ((column + row) & 1) === 0;
    if (isRising ? column === 7 : row === 7) {
      if (isRising) row++;
      else column++;
    } else if (isRising) {
      column++;
      if (row > 0) row--;
    } else {
      row++;
      if (column > 0) column--;
    }
  }
}
