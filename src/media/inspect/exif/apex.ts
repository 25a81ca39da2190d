/** Converts APEX values, logarithms to the base 2 (EXIF 3.0, annex C). */
import { positiveNumber } from "../metadata/normalize.ts";

/** APEX values have few digits; more would show a precision that they lack. */
const SIGNIFICANT_DIGITS = 6;
/** f/0.5 to f/362, and 2⁻²⁰ s to 18 hours: values beyond are errors. */
const MAX_APERTURE_VALUE = 17;
const MAX_SHUTTER_VALUE = 20;
const MIN_SHUTTER_VALUE = -16;

function rounded(value: number): number | null {
  return positiveNumber(Number(value.toPrecision(SIGNIFICANT_DIGITS)));
}

/** Returns the f-number of ApertureValue; null if it is missing or implausible. */
export function apexAperture(value: number | null): number | null {
  return value === null || !(value >= -2 && value <= MAX_APERTURE_VALUE) ? null : rounded(2 ** (value / 2));
}

/** Returns the seconds of ShutterSpeedValue; null if it is missing or implausible. */
export function apexExposureTime(value: number | null): number | null {
  const isPlausible = value !== null && value >= MIN_SHUTTER_VALUE && value <= MAX_SHUTTER_VALUE;
  return isPlausible ? rounded(2 ** (0 - value)) : null;
}
