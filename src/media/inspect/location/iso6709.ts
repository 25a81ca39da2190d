import { type Position, validPosition } from "./gps.ts";

export interface Coordinates extends Position {
  /** Metres above sea level. */
  altitude: number | null;
}

/**
 * Parses an ISO 6709 position as QuickTime writes it: "+49.1989+016.6071+222.469/"; null if invalid. Degrees, minutes
 * and seconds are distinguished by their number of digits.
 */
export function parseIso6709(text: string): Coordinates | null {
  const match = /^([+-]?\d{1,6}(?:\.\d*)?)([+-]\d{1,7}(?:\.\d*)?)([+-]\d+(?:\.\d*)?)?/.exec(text.trim().slice(0, 100));
  if (match === null) return null;
  const coordinates = validPosition(parseDegrees(match[1] ?? "", 2), parseDegrees(match[2] ?? "", 3));
  return coordinates && { ...coordinates, altitude: match[3] === undefined ? null : Number(match[3]) };
}

function parseDegrees(text: string, degreeDigits: number): number | null {
  const [whole = "", fraction = "0"] = text.replace(/^[+-]/, "").split(".");
  const lastUnit = (digits: string) => Number(`${digits}.${fraction}`);
  const degrees = whole.slice(0, degreeDigits);
  const minutes = whole.slice(degreeDigits, degreeDigits + 2);
  const seconds = whole.slice(degreeDigits + 2);
  const magnitude =
    minutes === ""
      ? lastUnit(degrees)
      : seconds === ""
        ? Number(degrees) + lastUnit(minutes) / 60
        : Number(degrees) + Number(minutes) / 60 + lastUnit(seconds) / 3600;
  return Number.isFinite(magnitude) ? (text.startsWith("-") ? 0 - magnitude : magnitude) : null;
}
