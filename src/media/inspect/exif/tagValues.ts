import { finiteNumber, normalizeText } from "../metadata/normalize.ts";
import { imageTags } from "./exifTags.ts";

/** A decoded EXIF value, whichever decoder read it. */
export interface TagValue {
  /** The decoded text; null for numeric types. */
  text: string | null;
  /** The first `MAX_NUMBERS` numbers; NaN or infinite for a fraction with denominator 0. */
  numbers: readonly number[];
}

export type TagValues = ReadonlyMap<number, TagValue>;

/** Coordinates and times have three numbers, a lens specification four. */
export const MAX_NUMBERS = 4;

/** Returns the text of a tag, trimmed; null if it is missing, blank or numeric. */
export function textAt(values: TagValues, tag: number): string | null {
  return normalizeText(values.get(tag)?.text);
}

/** Returns the first number of a tag; null if it is missing, NaN or infinite. */
export function numberAt(values: TagValues, tag: number): number | null {
  return finiteNumber(values.get(tag)?.numbers[0]);
}

/** Returns the orientation of an image, 1 to 8; null if it is missing or another number. */
export function orientationAt(image: TagValues): number | null {
  const orientation = numberAt(image, imageTags.orientation);
  return orientation !== null && [1, 2, 3, 4, 5, 6, 7, 8].includes(orientation) ? orientation : null;
}
