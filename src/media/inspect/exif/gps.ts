/** Where a picture was taken: coordinates as EXIF and XMP write them, or nothing where they can't be. */
import { numbersOf } from "../tiff/tiffValue.ts";
import { type TagValues, numberAt, textAt } from "./exif.ts";
import { gpsTags } from "./exifTags.ts";
import { numberInText } from "../metadata/normalize.ts";
import type { XmpProperties } from "../metadata/xmp.ts";

export interface Position {
  latitude: number;
  longitude: number;
}

export function exifPosition(gps: TagValues): Position | null {
  return position(
    exifDegrees(gps, gpsTags.latitude, textAt(gps, gpsTags.latitudeReference)),
    exifDegrees(gps, gpsTags.longitude, textAt(gps, gpsTags.longitudeReference)),
  );
}

export function xmpPosition(xmp: XmpProperties): Position | null {
  return position(xmpDegrees(xmp.get("exif:GPSLatitude")?.[0]), xmpDegrees(xmp.get("exif:GPSLongitude")?.[0]));
}

/** Metres; a reference of 1 means below the sea, one of 3 below the ellipsoid. */
export function exifAltitude(gps: TagValues): number | null {
  const altitude = numberAt(gps, gpsTags.altitude);
  const isBelow = [1, 3].includes(numberAt(gps, gpsTags.altitudeReference) ?? 0);
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

/** Degrees, minutes and seconds, or the first of them with decimals. With a part that is no number (0/0) there is no place. */
function exifDegrees(gps: TagValues, tag: number, reference: string | null): number | null {
  const value = gps.get(tag);
  const parts = value === undefined ? [] : numbersOf(value).slice(0, 3);
  const [degrees, minutes = 0, seconds = 0] = parts;
  if (degrees === undefined || !parts.every(Number.isFinite)) return null;
  return signed(Math.abs(degrees) + minutes / 60 + seconds / 3600, degrees < 0 || /^[sw]/i.test(reference ?? ""));
}

/** "39,6.9N", "108,24,3W", and what else is made of up to three numbers and a direction: "48.2", "-16.5", "48° 12' 3.5\" N". */
function xmpDegrees(text: string | undefined): number | null {
  const short = text?.trim().slice(0, 100) ?? "";
  const parts = [...short.matchAll(/\d+(?:\.\d*)?|\.\d+/g)].slice(0, 3).map(([digits]) => Number(digits));
  const [degrees, minutes = 0, seconds = 0] = parts;
  if (degrees === undefined) return null;
  const [, direction = ""] = /([nsew])[a-z]*$/i.exec(short) ?? [];
  return signed(degrees + minutes / 60 + seconds / 3600, short.startsWith("-") || /[sw]/i.test(direction));
}

function signed(size: number, isNegative: boolean): number {
  return isNegative ? 0 - size : size;
}
