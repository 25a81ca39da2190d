/** Coordinates as QuickTime writes them (ISO 6709), or nothing where they can't be. */
import { type Position, position } from "../../exif/gps.ts";

export interface Place extends Position {
  /** Metres above the sea. */
  altitude: number | null;
}

/** "+49.1989+016.6071+222.469/": degrees, or degrees and minutes, or those and seconds, told apart by their digits. */
export function parseIso6709(text: string): Place | null {
  const match = /^([+-]?\d{1,6}(?:\.\d*)?)([+-]\d{1,7}(?:\.\d*)?)([+-]\d+(?:\.\d*)?)?/.exec(text.trim().slice(0, 100));
  if (match === null) return null;
  const found = position(degreesIn(match[1] ?? "", 2), degreesIn(match[2] ?? "", 3));
  return found && { ...found, altitude: match[3] === undefined ? null : Number(match[3]) };
}

function degreesIn(text: string, degreeDigits: number): number | null {
  const [whole = "", fraction = "0"] = text.replace(/^[+-]/, "").split(".");
  const lastUnit = (digits: string) => Number(`${digits}.${fraction}`);
  const degrees = whole.slice(0, degreeDigits);
  const minutes = whole.slice(degreeDigits, degreeDigits + 2);
  const seconds = whole.slice(degreeDigits + 2);
  const size =
    minutes === ""
      ? lastUnit(degrees)
      : seconds === ""
        ? Number(degrees) + lastUnit(minutes) / 60
        : Number(degrees) + Number(minutes) / 60 + lastUnit(seconds) / 3600;
  return Number.isFinite(size) ? (text.startsWith("-") ? 0 - size : size) : null;
}
