/**
 * Derives expected video fields from the output of `exiftool -j -a -G0:1 -n`. Skips values that exiftool estimates,
 * such as the duration of MPEG streams, and values of maker notes.
 */
import { countryCode } from "../../src/media/inspect/metadata/countryCodes.ts";
import type { FieldValue, ExpectedValue, ExpectedFields } from "./agreement.ts";

type Tags = [string, FieldValue][];

/** Tags in order of precedence, and tags with acceptable alternatives. */
const texts: Record<string, { from: RegExp[]; also: RegExp }> = {
  make: {
    from: [/:Keys:Make$/, /:Keys:AndroidMake$/, /:UserData:Make$/, /:(Device)?(Make|Manufacturer)$/],
    also: /(Make|Manufacturer|VendorName)(-[\w-]+)?$/,
  },
  model: {
    from: [/:Keys:Model$/, /:Keys:AndroidModel$/, /:UserData:Model$/, /:(Device)?Model(Name)?$/],
    also: /(Model|ModelName|Device)(-[\w-]+)?$/,
  },
  lens_model: { from: [/:(Camera)?LensModel(Name)?$/], also: /Lens(Model|ID|Info|Type)?(Name)?(-[\w-]+)?$/ },
  description: {
    from: [/:Keys:Description$/, /:ItemList:(Long)?Description$/, /:(Content)?Description$/, /:ImageDescription$/],
    also: /(Description|Comment|Title|Subject|Caption|Headline|Summary|Synopsis|Information|DisplayName)(-[\w-]+)?$/,
  },
  live_photo_cid: { from: [/:ContentIdentifier$/], also: /ContentIdentifier$/ },
  projection_type: { from: [/^XMP:.*:ProjectionType$/], also: /Projection/ },
  city: { from: [/^XMP:.*:City$/], also: /(City|Location.*)$/ },
  state: { from: [/^XMP:.*:State$/], also: /(State|Location.*)$/ },
  country: { from: [/^XMP:.*:Country$/], also: /(Country|Location.*)$/ },
  sublocation: { from: [/^XMP:XMP-iptcCore:Location$/], also: /Location.*$/ },
};
const captureTags = [
  /:Keys:CreationDate$/,
  /^(?!MakerNotes|XMP).*:DateTimeOriginal$/,
  /:CreationDateValue$/,
  /:(UserData|ItemList):ContentCreateDate$/,
  /^XMP:.*:DateTimeOriginal$/,
];
const exposure = ["f_number", "focal_length", "iso", "exposure_time", "exposure_bias"];
const streams = /^(M2T|M2TS|MPEG)$/;

export function isVideo(tags: Record<string, unknown>): boolean {
  return String(tags["File:MIMEType"]).startsWith("video/");
}

export function expectedVideoFields(tags: Record<string, unknown>): ExpectedFields {
  const all = Object.entries(tags).map(([name, value]): [string, FieldValue] => [name, plain(value)]);
  const fileTags = all.filter(([name]) => !/^(File|ExifTool|Composite):/.test(name));
  const fields: Record<string, ExpectedValue> = {};
  for (const [field, { from, also }] of Object.entries(texts)) fields[field] = textField(fileTags, from, also);
  const code = countryCode(String(fileTags.find(([name]) => /^XMP:.*:CountryCode$/.test(name))?.[1] ?? ""));
  fields["country_code"] = { v: code };
  const rating = numbersIn(fileTags, /^XMP:XMP-xmp:Rating$|:UserRating$/)[0] ?? null;
  fields["rating"] = { v: rating, a: numbersIn(fileTags, /Rating$/) };
  for (const field of exposure) fields[field] = { v: null, any: true };
  fields["orientation"] = { v: null, a: [1, 3, 6, 8] };
  return {
    kind: "video",
    fields: { ...fields, ...dateFields(fileTags), ...placeFields(tags), ...streamFields(tags, fileTags) },
  };
}

function plain(value: unknown): FieldValue {
  if (typeof value === "number") return value;
  if (Array.isArray(value)) return plain(value[0]);
  return typeof value === "string" && value.trim() !== "" ? value.trim() : null;
}

function textField(fileTags: Tags, from: RegExp[], also: RegExp): ExpectedValue {
  const alternatives = fileTags
    .filter(([name, value]) => also.test(name) && value !== null)
    .map(([, value]) => String(value));
  const [chosen] = from.flatMap((pattern) => fileTags.filter(([name, value]) => pattern.test(name) && value !== null));
  if (chosen === undefined) return { v: null, a: alternatives };
  const hard = chosen[0].startsWith("MakerNotes:") ? { hard: "makernote" } : {};
  return { v: String(chosen[1]), a: alternatives, src: chosen[0], ...hard };
}

/** The container's creation date is UTC and not a capture tag: as the local time it is optional. */
function dateFields(fileTags: Tags): Record<string, ExpectedValue> {
  const alternatives = fileTags.map(([, value]) => dateIn(value)).filter((date) => date !== null);
  const any = { v: null, a: alternatives };
  const [tag] = captureTags.flatMap((pattern) =>
    fileTags.filter(([name, value]) => pattern.test(name) && dateIn(value) !== null),
  );
  const creationDate = fileTags.find(([name, value]) => name === "QuickTime:CreateDate" && dateIn(value) !== null);
  const chosen = tag ?? creationDate;
  const off = /(Z|[+-]\d\d:\d\d)$/.exec(String(tag?.[1]))?.[0];
  const local = chosen === undefined ? any : { v: dateIn(chosen[1]), src: chosen[0], empty: tag === undefined };
  const dates = { original_datetime: any, digitized_datetime: any, modified_datetime: any };
  return { ...dates, local_datetime: off === undefined ? local : { ...local, off } };
}

function dateIn(value: FieldValue): string | null {
  const match = /^(\d{4}):(\d\d):(\d\d) (\d\d:\d\d(?::\d\d)?)/.exec(String(value));
  if (match === null || Number(match[1]) < 1971 || Number(match[1]) >= 2100) return null;
  const [, year, month, day, time = ""] = match;
  return `${year}-${month}-${day}T${time.padEnd(8, ":00")}`;
}

function placeFields(tags: Record<string, unknown>): Record<string, ExpectedValue> {
  const find = (axis: string) => plain(tags[`Composite:GPS${axis}`] ?? tags[`XMP:XMP-exif:GPS${axis}`]);
  const [latitude, longitude, altitude] = [find("Latitude"), find("Longitude"), find("Altitude")];
  if (typeof latitude !== "number" || typeof longitude !== "number") return {};
  const empty = latitude === 0 && longitude === 0;
  const isBelow = tags["Composite:GPSAltitudeRef"] === 1;
  const metres = typeof altitude === "number" ? { v: isBelow ? 0 - altitude : altitude, empty } : { v: null };
  return { latitude: { v: latitude, empty }, longitude: { v: longitude, empty }, altitude: metres };
}

function numbersIn(fileTags: Tags, pattern: RegExp): number[] {
  return fileTags.flatMap(([name, value]) => (pattern.test(name) && typeof value === "number" ? [value] : []));
}

function streamFields(tags: Record<string, unknown>, fileTags: Tags): Record<string, ExpectedValue> {
  const [width = 0, height = 0] = String(plain(tags["Composite:ImageSize"]) ?? "")
    .split(" ")
    .map(Number);
  const swapsAxes = Number(tags["Composite:Rotation"] ?? 0) % 180 !== 0;
  const durations = numbersIn(fileTags, /Duration$/);
  // exiftool reports a duration of 0 for fragmented files.
  const isFragmented = durations[0] === 0;
  const total = plain(tags["QuickTime:Duration"] ?? tags["Composite:Duration"]) ?? durations[0] ?? null;
  const rates = numbersIn(fileTags, /:(Video)?FrameRate$/);
  return {
    width: sideField(swapsAxes ? height : width),
    height: sideField(swapsAxes ? width : height),
    raw_width: { v: null, any: true },
    raw_height: { v: null, any: true },
    duration: {
      v: total,
      a: durations,
      any: streams.test(String(tags["File:FileType"])) || total === null || isFragmented,
    },
    fps: { v: rates[0] ?? null, a: rates, any: rates.length === 0 || isFragmented },
  };
}

/** exiftool truncates fractions. */
function sideField(side: number): ExpectedValue {
  return { v: Math.round(side), a: [Math.floor(side) + 1], any: side === 0 };
}
