/** How a HEIF picture is cut and turned when shown: its `clap`, `irot` and `imir` properties. Touches no pixels. */
import { type Box, boxesIn, findBox } from "../../inspect/bytes/bmffBoxes.ts";
import { viewOf } from "../../inspect/bytes/bytes.ts";
import { readPrimaryId, readProperties } from "../../inspect/containers/heifItems.ts";
import { type ByteSource, memorySource } from "../../inspect/bytes/byteSource.ts";

export interface Window {
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface HeifTurn {
  /** The same as an EXIF orientation. */
  orientation: number;
  /** The window of a picture of this size that is shown. */
  windowOf(width: number, height: number): Window;
}

/** Where stored right and stored down point when shown: x and y of the one, x and y of the other. */
type Turn = readonly [number, number, number, number];
const upright: Turn = [1, 0, 0, 1];

/** EXIF's orientations 1 to 8 in order. */
const orientations: Turn[] = [
  upright,
  [-1, 0, 0, 1],
  [-1, 0, 0, -1],
  [1, 0, 0, -1],
  [0, 1, 1, 0],
  [0, 1, -1, 0],
  [0, -1, -1, 0],
  [0, -1, 1, 0],
];

function anticlockwise([a, b, c, d]: Turn): Turn {
  return [b, -a, d, -c];
}

function turned(turn: Turn, box: Box, bytes: Uint8Array): Turn {
  const value = bytes[0] ?? 0;
  if (box.type === "irot") {
    let result = turn;
    for (let quarter = value & 3; quarter > 0; quarter--) result = anticlockwise(result);
    return result;
  }
  if (box.type !== "imir") return turn;
  const [a, b, c, d] = turn;
  // Axis 0 exchanges top and bottom, axis 1 left and right; ISO/IEC 23008-12, third edition, 6.5.12.
  return (value & 1) === 0 ? [a, -b, c, -d] : [-a, b, -c, d];
}

/** Size and offset from the centre, each as a fraction; ISO/IEC 14496-12, 12.1.4. */
function windowOf(clap: Uint8Array | null, width: number, height: number): Window {
  const whole = { left: 0, top: 0, width, height };
  if (clap === null || clap.length < 32) return whole;
  const view = viewOf(clap);
  const fraction = (at: number) => view.getInt32(at) / view.getInt32(at + 4);
  const [cutWidth, cutHeight] = [Math.round(fraction(0)), Math.round(fraction(8))];
  const left = Math.round((width - cutWidth) / 2 + fraction(16));
  const top = Math.round((height - cutHeight) / 2 + fraction(24));
  const fits =
    cutWidth > 0 && cutHeight > 0 && left >= 0 && top >= 0 && left + cutWidth <= width && top + cutHeight <= height;
  return fits ? { left, top, width: cutWidth, height: cutHeight } : whole;
}

export async function readHeifTurn(source: ByteSource): Promise<HeifTurn> {
  let turn = upright;
  let clap: Uint8Array | null = null;
  const box = findBox(await boxesIn(source, 0, source.sizeBytes), "meta");
  if (box !== undefined) {
    const meta = memorySource(await source.read(box.start + 4, box.end - box.start - 4));
    const boxes = await boxesIn(meta, 0, meta.sizeBytes);
    const { own } = await readProperties(meta, boxes, await readPrimaryId(meta, boxes));
    for (const property of own) {
      const bytes = await meta.read(property.start, property.end - property.start);
      if (property.type === "clap") clap ??= bytes;
      turn = turned(turn, property, bytes);
    }
  }
  const index = orientations.findIndex((candidate) => candidate.every((value, at) => value === turn[at]));
  return { orientation: index + 1, windowOf: (width, height) => windowOf(clap, width, height) };
}
