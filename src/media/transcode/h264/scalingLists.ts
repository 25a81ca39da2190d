/** Scaling matrices of sequence and picture parameter sets; ITU-T H.264 §7.3.2.1.1.1 and §8.5.9. */
import type { BitReader } from "../../inspect/video/codecs/bitReader.ts";

/** Weights of each coefficient in scanning order: three of 4 × 4 blocks (Y, Cb, Cr) and one of 8 × 8 blocks (Y). */
export interface ScalingLists {
  blocks4: number[][];
  block8: number[];
}

/** A list as it is coded: absent ones follow the fall-back rule. */
type CodedList = number[] | "default" | "absent";

/** Lists 0 to 5 are of 4 × 4 blocks, the following ones of 8 × 8 blocks. */
export interface CodedScalingLists {
  lists: CodedList[];
}

/** H.264 Table 7-3 and 7-4, intra. */
const DEFAULT_4X4 = [6, 13, 13, 20, 20, 20, 28, 28, 28, 28, 32, 32, 32, 37, 37, 42];
// prettier-ignore
const DEFAULT_8X8 = [
  6, 10, 10, 13, 11, 13, 16, 16, 16, 16, 18, 18, 18, 18, 18, 23, 23, 23, 23, 23, 23, 25, 25, 25, 25, 25, 25, 25, 27, 27,
  27, 27, 27, 27, 27, 27, 29, 29, 29, 29, 29, 29, 29, 31, 31, 31, 31, 31, 31, 33, 33, 33, 33, 33, 36, 36, 36, 36, 38, 38,
  38, 40, 40, 42,
];

function flatList(size: number): number[] {
  return Array.from({ length: size }, () => 16);
}

const DEFAULT_LISTS: ScalingLists = { blocks4: [DEFAULT_4X4, DEFAULT_4X4, DEFAULT_4X4], block8: DEFAULT_8X8 };
const FLAT_LISTS: ScalingLists = { blocks4: [flatList(16), flatList(16), flatList(16)], block8: flatList(64) };

function readList(bits: BitReader, size: number): CodedList {
  if (!bits.readFlag()) return "absent";
  const list: number[] = [];
  let [last, next] = [8, 8];
  while (list.length < size) {
    if (next !== 0) next = (last + bits.readSignedExpGolomb() + 256) % 256;
    if (next < 0) throw new RangeError("a scaling list is invalid");
    if (list.length === 0 && next === 0) return "default";
    last = next === 0 ? last : next;
    list.push(last);
  }
  return list;
}

/** Reads `count` lists. Throws a RangeError if they are truncated. */
export function readScalingLists(bits: BitReader, count: number): CodedScalingLists {
  return { lists: Array.from({ length: count }, (_, index) => readList(bits, index < 6 ? 16 : 64)) };
}

/** Fills absent lists: the first of each size from `fallback`, the others from the previous list; Table 7-2. */
function fillLists({ lists }: CodedScalingLists, fallback: ScalingLists): ScalingLists {
  const blocks4: number[][] = [];
  let previous = fallback.blocks4[0] ?? DEFAULT_4X4;
  for (const list of lists.slice(0, 3)) {
    if (list !== "absent") previous = list === "default" ? DEFAULT_4X4 : list;
    blocks4.push(previous);
  }
  const coded8 = lists[6] ?? "absent";
  const block8 = coded8 === "absent" ? fallback.block8 : coded8 === "default" ? DEFAULT_8X8 : coded8;
  return { blocks4, block8 };
}

/** Returns the weights that apply to intra blocks; null means that a parameter set has no matrices. */
export function scalingListsOf(sequence: CodedScalingLists | null, picture: CodedScalingLists | null): ScalingLists {
  const base = sequence === null ? FLAT_LISTS : fillLists(sequence, DEFAULT_LISTS);
  // Fall-back rule B refers to the lists of the sequence; rule A, if it has none, to the default ones.
  return picture === null ? base : fillLists(picture, sequence === null ? DEFAULT_LISTS : base);
}

/** normAdjust for each QP % 6: by the class of the coefficient's place; H.264 (8-315) and (8-318). */
const NORM_4X4 = [
  [10, 16, 13],
  [11, 18, 14],
  [13, 20, 16],
  [14, 23, 18],
  [16, 25, 20],
  [18, 29, 23],
];
const NORM_8X8 = [
  [20, 18, 32, 19, 25, 24],
  [22, 19, 35, 21, 28, 26],
  [26, 23, 42, 24, 33, 31],
  [28, 25, 45, 26, 35, 33],
  [32, 28, 51, 30, 40, 38],
  [36, 32, 58, 34, 46, 43],
];

function class4(column: number, row: number): number {
  if (column % 2 !== row % 2) return 2;
  return column % 2;
}

function class8(column: number, row: number): number {
  if (column % 2 === 1 && row % 2 === 1) return 1;
  if (column % 2 !== row % 2) return column % 4 === 0 || row % 4 === 0 ? 3 : 5;
  if (column % 4 === row % 4) return column % 4 === 0 ? 0 : 2;
  return 4;
}

/** Places of the zigzag scan in a block of `size` × `size`, as column and row. */
function zigzagPlaces(size: number): { column: number; row: number }[] {
  const places: { column: number; row: number }[] = [];
  for (let diagonal = 0; diagonal <= 2 * (size - 1); diagonal++) {
    const first = Math.max(0, diagonal - size + 1);
    for (let i = first; i <= diagonal - first; i++)
      places.push(diagonal % 2 === 0 ? { column: i, row: diagonal - i } : { column: diagonal - i, row: i });
  }
  return places;
}

const PLACES_4X4 = zigzagPlaces(4);
const PLACES_8X8 = zigzagPlaces(8);

/** LevelScale as the kernel expects it, column by column; H.264 §8.5.9, wasm/h264/dequantizer.ts. */
export function levelScales({ blocks4, block8 }: ScalingLists): Int32Array {
  const scales = new Int32Array(3 * 6 * 16 + 6 * 64);
  blocks4.forEach((list, component) =>
    NORM_4X4.forEach((norms, remainder) =>
      PLACES_4X4.forEach(({ column, row }, i) => {
        const at = (component * 6 + remainder) * 16 + column * 4 + row;
        scales[at] = (list[i] ?? 0) * (norms[class4(column, row)] ?? 0);
      }),
    ),
  );
  NORM_8X8.forEach((norms, remainder) =>
    PLACES_8X8.forEach(({ column, row }, i) => {
      const at = 3 * 6 * 16 + remainder * 64 + column * 8 + row;
      scales[at] = (block8[i] ?? 0) * (norms[class8(column, row)] ?? 0);
    }),
  );
  return scales;
}
