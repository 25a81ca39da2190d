/** Reads how a HEIF image is cropped, rotated and mirrored for display: `clap`, `irot`, `imir`. */
import { type Box, readBoxes, findBox } from "../../inspect/bytes/bmffBoxes.ts";
import { viewOf } from "../../inspect/bytes/bytes.ts";
import { readPrimaryId, readProperties } from "../../inspect/containers/heif/heifItems.ts";
import { type ByteSource, memorySource } from "../../inspect/bytes/byteSource.ts";

export interface CropRect {
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface HeifTransform {
  /** An EXIF orientation, 1 to 8. */
  orientation: number;
  /** Returns the visible rectangle of an image of this size. */
  cropOf(width: number, height: number): CropRect;
}

/** Displayed direction (x, y) of the stored right axis, then of the stored down axis. */
type AxisMap = readonly [number, number, number, number];
const upright: AxisMap = [1, 0, 0, 1];

/** EXIF orientations 1 to 8. */
const orientations: AxisMap[] = [
  upright,
  [-1, 0, 0, 1],
  [-1, 0, 0, -1],
  [1, 0, 0, -1],
  [0, 1, 1, 0],
  [0, 1, -1, 0],
  [0, -1, -1, 0],
  [0, -1, 1, 0],
];

function rotateAnticlockwise([a, b, c, d]: AxisMap): AxisMap {
  return [b, -a, d, -c];
}

function applyProperty(axes: AxisMap, box: Box, bytes: Uint8Array): AxisMap {
  const value = bytes[0] ?? 0;
  if (box.type === "irot") {
    let result = axes;
    for (let quarter = value & 3; quarter > 0; quarter--) result = rotateAnticlockwise(result);
    return result;
  }
  if (box.type !== "imir") return axes;
  const [a, b, c, d] = axes;
  // Axis 0 swaps top and bottom, axis 1 left and right; ISO/IEC 23008-12:2025 §6.5.12.
  return (value & 1) === 0 ? [a, -b, c, -d] : [-a, b, -c, d];
}

/** Size and offset from the centre are fractions; ISO/IEC 14496-12 §12.1.4. A crop outside the image is ignored. */
function cleanAperture(clap: Uint8Array | null, width: number, height: number): CropRect {
  const whole = { left: 0, top: 0, width, height };
  if (clap === null || clap.length < 32) return whole;
  const view = viewOf(clap);
  const fraction = (at: number) => view.getInt32(at) / view.getInt32(at + 4);
  const [cropWidth, cropHeight] = [Math.round(fraction(0)), Math.round(fraction(8))];
  const left = Math.round((width - cropWidth) / 2 + fraction(16));
  const top = Math.round((height - cropHeight) / 2 + fraction(24));
  const fits =
    cropWidth > 0 && cropHeight > 0 && left >= 0 && top >= 0 && left + cropWidth <= width && top + cropHeight <= height;
  return fits ? { left, top, width: cropWidth, height: cropHeight } : whole;
}

/** Combines the transforms of the primary item; defaults to orientation 1 without crop. */
export async function readHeifTransform(source: ByteSource): Promise<HeifTransform> {
  let axes = upright;
  let clap: Uint8Array | null = null;
  const box = findBox(await readBoxes(source, 0, source.sizeBytes), "meta");
  if (box !== undefined) {
    const meta = memorySource(await source.read(box.start + 4, box.end - box.start - 4));
    const boxes = await readBoxes(meta, 0, meta.sizeBytes);
    const { ofItem } = await readProperties(meta, boxes, await readPrimaryId(meta, boxes));
    for (const property of ofItem) {
      const bytes = await meta.read(property.start, property.end - property.start);
      if (property.type === "clap") clap ??= bytes;
      axes = applyProperty(axes, property, bytes);
    }
  }
  const index = orientations.findIndex((candidate) => candidate.every((value, at) => value === axes[at]));
  return { orientation: index + 1, cropOf: (width, height) => cleanAperture(clap, width, height) };
}
