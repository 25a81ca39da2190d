/** Coordinates and altitude from EXIF and XMP. */
import { parseNumber } from "../metadata/normalize.ts";
import type { XmpProperties } from "../metadata/xmp.ts";
import { gpsTags } from "../exif/exifTags.ts";
import { type TagValues, numberAt, textAt } from "../exif/tagValues.ts";

/** Decimal degrees. */
export interface Position {
  latitude: number;
  longitude: number;
}

export function exifPosition(gps: TagValues): Position | null {
  return validPosition(
    exifDegrees(gps, gpsTags.latitude, textAt(gps, gpsTags.latitudeReference)),
    exifDegrees(gps, gpsTags.longitude, textAt(gps, gpsTags.longitudeReference)),
  );
}

export function xmpPosition(xmp: XmpProperties): Position | null {
  return validPosition(textDegrees(xmp.get("exif:GPSLatitude")?.[0]), textDegrees(xmp.get("exif:GPSLongitude")?.[0]));
}

/** Returns metres; a reference of 1 means below sea level, 3 below the ellipsoid (EXIF 3.0, GPSAltitudeRef). */
export function exifAltitude(gps: TagValues): number | null {
  const altitude = numberAt(gps, gpsTags.altitude);
  const isBelow = [1, 3].includes(numberAt(gps, gpsTags.altitudeReference) ?? 0);
  return altitude === null || !isBelow ? altitude : 0 - Math.abs(altitude);
}

/** Returns metres. */
export function xmpAltitude(xmp: XmpProperties): number | null {
  const altitude = parseNumber(xmp.get("exif:GPSAltitude")?.[0]);
  const isBelow = xmp.get("exif:GPSAltitudeRef")?.[0] === "1";
  return altitude === null || !isBelow ? altitude : 0 - Math.abs(altitude);
}

/** Returns null unless both are in range. Exactly 0, 0 is a receiver without a fix. */
export function validPosition(latitude: number | null, longitude: number | null): Position | null {
  if (latitude === null || longitude === null) return null;
  if (Math.abs(latitude) > 90 || Math.abs(longitude) > 180) return null;
  return latitude === 0 && longitude === 0 ? null : { latitude, longitude };
}

/** Degrees, minutes and seconds, or the first one or two with decimals. A part of 0/0 makes the value invalid. */
function exifDegrees(gps: TagValues, tag: number, reference: string | null): number | null {
  const parts = gps.get(tag)?.numbers.slice(0, 3) ?? [];
  const [degrees, minutes = 0, seconds = 0] = parts;
  if (degrees === undefined) return textDegrees(textAt(gps, tag) ?? undefined, reference ?? "");
  if (!parts.every(Number.isFinite)) return null;
  return withSign(Math.abs(degrees) + minutes / 60 + seconds / 3600, degrees < 0 || /^[sw]/i.test(reference ?? ""));
}

/** "39,6.9N" and "108,24,3W" (XMP part 2), and common deviations: "48.2", "-16.5", "48° 12' 3.5\" N". */
function textDegrees(text: string | undefined, reference = ""): number | null {
  const short = text?.trim().slice(0, 100) ?? "";
  const parts = [...short.matchAll(/\d+(?:\.\d*)?|\.\d+/g)].slice(0, 3).map(([digits]) => Number(digits));
  const [degrees, minutes = 0, seconds = 0] = parts;
  if (degrees === undefined) return null;
  const [, direction = reference.slice(0, 1)] = /([nsew])[a-z]*$/i.exec(short) ?? [];
  return withSign(degrees + minutes / 60 + seconds / 3600, short.startsWith("-") || /[sw]/i.test(direction));
}

function withSign(value: number, isNegative: boolean): number {
  return isNegative ? 0 - value : value;
}
