/** Where a picture was taken: coordinates as EXIF and XMP write them, or nothing where they can't be. */
import { finiteNumber, numberInText, tidyText } from "./tidy.ts";
import type { XmpProperties } from "./xmp.ts";

export interface Position {
  latitude: number;
  longitude: number;
}

export function exifPosition(gps: Record<string, unknown>): Position | null {
  return position(
    degrees(gps["GPSLatitude"], gps["GPSLatitudeRef"]),
    degrees(gps["GPSLongitude"], gps["GPSLongitudeRef"]),
  );
}

export function xmpPosition(xmp: XmpProperties): Position | null {
  return position(xmpDegrees(xmp.get("exif:GPSLatitude")?.[0]), xmpDegrees(xmp.get("exif:GPSLongitude")?.[0]));
}

/** Metres; a reference of 1 means below the sea. */
export function exifAltitude(gps: Record<string, unknown>): number | null {
  const altitude = finiteNumber(gps["GPSAltitude"]);
  const reference = gps["GPSAltitudeRef"];
  const isBelow = reference === 1 || (reference instanceof Uint8Array && reference[0] === 1);
  return altitude === null || !isBelow ? altitude : 0 - Math.abs(altitude);
}

export function xmpAltitude(xmp: XmpProperties): number | null {
  const altitude = numberInText(xmp.get("exif:GPSAltitude")?.[0]);
  const isBelow = xmp.get("exif:GPSAltitudeRef")?.[0] === "1";
  return altitude === null || !isBelow ? altitude : 0 - Math.abs(altitude);
}

/** Both or neither. Exactly 0, 0 is a receiver without a fix, not a ship off Ghana. */
export function position(latitude: number | null, longitude: number | null): Position | null {
  if (latitude === null || longitude === null) return null;
  if (Math.abs(latitude) > 90 || Math.abs(longitude) > 180) return null;
  return latitude === 0 && longitude === 0 ? null : { latitude, longitude };
}

/** Three rationals; minutes and seconds of 0/0 count as none. */
function degrees(value: unknown, reference: unknown): number | null {
  if (!Array.isArray(value)) return null;
  const [whole, minutes, seconds] = value.map(finiteNumber);
  if (whole === null || whole === undefined) return null;
  const size = Math.abs(whole) + (minutes ?? 0) / 60 + (seconds ?? 0) / 3600;
  const sign = /^[sw]/i.test(tidyText(reference) ?? "") || whole < 0 ? -1 : 1;
  return sign * size;
}

/** "39,6.9N", "108,24,3W". */
function xmpDegrees(text: string | undefined): number | null {
  const match = /^(\d{1,3})(?:,(\d{1,2}(?:\.\d+)?))?(?:,(\d{1,2}(?:\.\d+)?))?\s*([NSEW])$/i.exec(text?.trim() ?? "");
  if (match === null) return null;
  const size = Number(match[1]) + Number(match[2] ?? 0) / 60 + Number(match[3] ?? 0) / 3600;
  return /[SW]/i.test(match[4] ?? "") ? 0 - size : size;
}
