/**
 * Directional prediction from a line of neighbours: from the lowest one on the left up to the corner, then along the
 * row above. ITU-T H.264 §8.3.1.2 (4 × 4) and §8.3.2.2 (8 × 8) apply the same formulas to blocks of `n` × `n`.
 */

/** Prediction modes of 4 × 4 and 8 × 8 blocks; H.264 Table 8-2. */
const DOWN_LEFT: i32 = 3;
const DOWN_RIGHT: i32 = 4;
const VERTICAL_RIGHT: i32 = 5;
const HORIZONTAL_DOWN: i32 = 6;
const VERTICAL_LEFT: i32 = 7;

/** 3 n + 1 neighbours; the corner has index n. Both ends are repeated once. Kernels write 48 bytes. */
export const edge: usize = memory.data(96, 16) + 16;

/** (e[i] + e[i + 1] + 1) / 2. */
const averages: usize = memory.data(48, 16);
/** (e[i - 1] + 2 e[i] + e[i + 1] + 2) / 4. */
export const smooth: usize = memory.data(48, 16);
/** Rows of modes that mix both. */
const mixed: usize = memory.data(64, 16);

/** Computes sixteen of `averages` and `smooth`. */
function filterPart(i: usize): void {
  const before = v128.load(edge + i - 1);
  const here = v128.load(edge + i);
  const after = v128.load(edge + i + 1);
  v128.store(averages + i, i8x16.avgr_u(here, after));
  // Rounded down: avgr rounds up where the sum is odd.
  const odd = v128.and(v128.xor(before, after), i8x16.splat(1));
  const outer = i8x16.sub(i8x16.avgr_u(before, after), odd);
  v128.store(smooth + i, i8x16.avgr_u(outer, here));
}

/** Filters the neighbours of a block. */
export function filterEdge(n: usize): void {
  store<u8>(edge - 1, load<u8>(edge));
  store<u8>(edge + 3 * n + 1, load<u8>(edge + 3 * n));
  filterPart(0);
  if (n === 8) filterPart(16);
}

function copyRow(target: usize, from: usize, n: usize): void {
  if (n === 8) store<u64>(target, load<u64>(from));
  else store<u32>(target, load<u32>(from));
}

/** Vertical-right: every second row continues the row two above it, one sample to the right. */
function predictVerticalRight(target: usize, stride: usize, n: usize): void {
  const even = mixed + 8;
  const odd = mixed + 40;
  for (let i: usize = 0; i < n; i++) {
    store<u8>(even + i, load<u8>(averages + n + i));
    store<u8>(odd + i, load<u8>(smooth + n + i));
  }
  for (let i: usize = 1; i < n >> 1; i++) {
    store<u8>(even - i, load<u8>(smooth + n + 1 - 2 * i));
    store<u8>(odd - i, load<u8>(smooth + n - 2 * i));
  }
  for (let y: usize = 0; y < n; y++) copyRow(target + y * stride, (y & 1 ? odd : even) - (y >> 1), n);
}

function predictHorizontalDown(target: usize, stride: usize, n: usize): void {
  for (let i: usize = 0; i < n; i++) {
    store<u8>(mixed + 2 * i, load<u8>(averages + i));
    store<u8>(mixed + 2 * i, load<u8>(smooth + i + 1), 1);
  }
  for (let i: usize = 1; i < n - 1; i++) store<u8>(mixed + 2 * n + i - 1, load<u8>(smooth + n + i));
  for (let y: usize = 0; y < n; y++) copyRow(target + y * stride, mixed + 2 * (n - 1 - y), n);
}

function predictHorizontalUp(target: usize, stride: usize, n: usize): void {
  for (let i: usize = 0; i < n - 1; i++) {
    store<u8>(mixed + 2 * i, load<u8>(averages + n - 2 - i));
    store<u8>(mixed + 2 * i, load<u8>(smooth + n - 2 - i), 1);
  }
  memory.fill(mixed + 2 * n - 2, load<u8>(edge), n);
  for (let y: usize = 0; y < n; y++) copyRow(target + y * stride, mixed + 2 * y, n);
}

/** Predicts a block of 4 or 8 samples a side in a mode from 3 on. `filterEdge` was called. */
export function predictDirection(mode: i32, target: usize, stride: usize, n: usize): void {
  if (mode === VERTICAL_RIGHT) return predictVerticalRight(target, stride, n);
  if (mode === HORIZONTAL_DOWN) return predictHorizontalDown(target, stride, n);
  if (mode === DOWN_LEFT) {
    for (let y: usize = 0; y < n; y++) copyRow(target + y * stride, smooth + n + 2 + y, n);
  } else if (mode === DOWN_RIGHT) {
    for (let y: usize = 0; y < n; y++) copyRow(target + y * stride, smooth + n - y, n);
  } else if (mode === VERTICAL_LEFT) {
    for (let y: usize = 0; y < n; y++) {
      const from = (y & 1 ? smooth + 1 : averages) + n + 1 + (y >> 1);
      copyRow(target + y * stride, from, n);
    }
  } else predictHorizontalUp(target, stride, n);
}
