/**
 * Truth of a video from what `exiftool -j -a -G0:1 -n` prints. What exiftool itself guesses (how long an MPEG stream
 * is) is not judged, nor what it finds in the notes of makers.
 */
import { countryCode } from "../../src/media/inspect/metadata/countryCodes.ts";
import type { Answer, Expected, Truth } from "./agreement.ts";

type Tags = [string, Answer][];

/** Which tags count, the first choice first, and what else may be answered. */
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

export function videoTruthOf(tags: Record<string, unknown>): Truth {
  const all = Object.entries(tags).map(([name, value]): [string, Answer] => [name, plain(value)]);
  const own = all.filter(([name]) => !/^(File|ExifTool|Composite):/.test(name));
  const fields: Record<string, Expected> = {};
  for (const [field, { from, also }] of Object.entries(texts)) fields[field] = textField(own, from, also);
  const code = countryCode(String(own.find(([name]) => /^XMP:.*:CountryCode$/.test(name))?.[1] ?? ""));
  fields["country_code"] = { v: code };
  const rating = numbersIn(own, /^XMP:XMP-xmp:Rating$|:UserRating$/)[0] ?? null;
  fields["rating"] = { v: rating, a: numbersIn(own, /Rating$/) };
  for (const field of exposure) fields[field] = { v: null, any: true };
  fields["orientation"] = { v: null, a: [1, 3, 6, 8] };
  return { kind: "video", fields: { ...fields, ...dateFields(own), ...placeFields(tags), ...streamFields(tags, own) } };
}

function plain(value: unknown): Answer {
  if (typeof value === "number") return value;
  if (Array.isArray(value)) return plain(value[0]);
  return typeof value === "string" && value.trim() !== "" ? value.trim() : null;
}

function textField(own: Tags, from: RegExp[], also: RegExp): Expected {
  const others = own.filter(([name, value]) => also.test(name) && value !== null).map(([, value]) => String(value));
  const [chosen] = from.flatMap((pattern) => own.filter(([name, value]) => pattern.test(name) && value !== null));
  if (chosen === undefined) return { v: null, a: others };
  const hard = chosen[0].startsWith("MakerNotes:") ? { hard: "makernote" } : {};
  return { v: String(chosen[1]), a: others, src: chosen[0], ...hard };
}

/** The clock of a container is UTC and no capture tag: as the local time it may be given or left out. */
function dateFields(own: Tags): Record<string, Expected> {
  const others = own.map(([, value]) => dateIn(value)).filter((date) => date !== null);
  const any = { v: null, a: others };
  const [tag] = captureTags.flatMap((pattern) =>
    own.filter(([name, value]) => pattern.test(name) && dateIn(value) !== null),
  );
  const written = own.find(([name, value]) => name === "QuickTime:CreateDate" && dateIn(value) !== null);
  const chosen = tag ?? written;
  const off = /(Z|[+-]\d\d:\d\d)$/.exec(String(tag?.[1]))?.[0];
  const local = chosen === undefined ? any : { v: dateIn(chosen[1]), src: chosen[0], empty: tag === undefined };
  const dates = { original_datetime: any, digitized_datetime: any, modified_datetime: any };
  return { ...dates, local_datetime: off === undefined ? local : { ...local, off } };
}

function dateIn(value: Answer): string | null {
  const match = /^(\d{4}):(\d\d):(\d\d) (\d\d:\d\d(?::\d\d)?)/.exec(String(value));
  if (match === null || Number(match[1]) < 1971 || Number(match[1]) >= 2100) return null;
  const [, year, month, day, time = ""] = match;
  return `${year}-${month}-${day}T${time.padEnd(8, ":00")}`;
}

function placeFields(tags: Record<string, unknown>): Record<string, Expected> {
  const find = (axis: string) => plain(tags[`Composite:GPS${axis}`] ?? tags[`XMP:XMP-exif:GPS${axis}`]);
  const [latitude, longitude, altitude] = [find("Latitude"), find("Longitude"), find("Altitude")];
  if (typeof latitude !== "number" || typeof longitude !== "number") return {};
  const empty = latitude === 0 && longitude === 0;
  const isBelow = tags["Composite:GPSAltitudeRef"] === 1;
  const metres = typeof altitude === "number" ? { v: isBelow ? 0 - altitude : altitude, empty } : { v: null };
  return { latitude: { v: latitude, empty }, longitude: { v: longitude, empty }, altitude: metres };
}

function numbersIn(own: Tags, pattern: RegExp): number[] {
  return own.flatMap(([name, value]) => (pattern.test(name) && typeof value === "number" ? [value] : []));
}

function streamFields(tags: Record<string, unknown>, own: Tags): Record<string, Expected> {
  const [width = 0, height = 0] = String(plain(tags["Composite:ImageSize"]) ?? "")
    .split(" ")
    .map(Number);
  const isTurned = Number(tags["Composite:Rotation"] ?? 0) % 180 !== 0;
  const durations = numbersIn(own, /Duration$/);
  // Of fragments exiftool says nothing.
  const isFragmented = durations[0] === 0;
  const total = plain(tags["QuickTime:Duration"] ?? tags["Composite:Duration"]) ?? durations[0] ?? null;
  const rates = numbersIn(own, /:(Video)?FrameRate$/);
  return {
    width: sideField(isTurned ? height : width),
    height: sideField(isTurned ? width : height),
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

/** Exiftool cuts what is no whole number. */
function sideField(side: number): Expected {
  return { v: Math.round(side), a: [Math.floor(side) + 1], any: side === 0 };
}
