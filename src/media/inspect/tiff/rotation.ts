/** EXIF orientation by the clockwise rotation in degrees that displays an image upright. */
const orientations = new Map([
  [0, 1],
  [90, 6],
  [180, 3],
  [270, 8],
  [-90, 8],
]);

/** Returns null for other angles. */
export function orientationOfRotation(degrees: number): number | null {
  return orientations.get(degrees) ?? null;
}
