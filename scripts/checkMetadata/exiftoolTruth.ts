/**
 * Derives expected image fields from the output of `exiftool -j -a -G0:1 -n`. The first tag listed for a field is the
 * expected value, the others are acceptable alternatives.
 */
import { lensName } from "../../src/media/inspect/exif/lensName.ts";
import { countryCode } from "../../src/media/inspect/metadata/countryCodes.ts";
import type { FieldValue, ExpectedValue, ExpectedFields } from "./agreement.ts";
import { dimensionFields } from "./exiftoolSizes.ts";

/** The tags of a file, by "Group0:Group1:Name". */
export type ExiftoolTags = Record<string, unknown>;

interface Rule {
  /** Group and name of the tags, in order of precedence. */
  from: RegExp[];
  /** Tags with acceptable alternatives. */
  also?: RegExp;
  read?: (value: FieldValue) => FieldValue;
}

/** exiftool quotes numbers of many digits. */
const number = (value: FieldValue): FieldValue => {
  const read = typeof value === "string" && /^[-+]?[.\d]/.test(value) ? Number(value) : value;
  return typeof read === "number" && Number.isFinite(read) ? read : null;
};
const inRange = (least: number, most: number) => (value: FieldValue) => {
  const read = number(value);
  return typeof read === "number" && read >= least && read <= most ? read : null;
};
const aboveZero = inRange(Number.MIN_VALUE, Number.MAX_VALUE);
const upright = inRange(1, 8);
const code = (value: FieldValue): FieldValue => (value === null ? null : countryCode(String(value)));
/** Four numbers of a lens: "70 200 2.8 2.8". */
const lens = (value: FieldValue): FieldValue => {
  const numbers = /^[\d.]+(?: [\d.]+){3}$/.test(String(value)) ? String(value).split(" ").map(Number) : null;
  return numbers === null ? value : lensName(numbers);
};
const first = (value: FieldValue): FieldValue =>
  typeof value === "string" ? aboveZero(Number.parseFloat(value)) : aboveZero(value);

const text: Record<string, Rule> = {
  make: { from: [/^EXIF:IFD0:Make$/, /^XMP:XMP-tiff:Make$/], also: /:Make$/ },
  model: { from: [/^EXIF:IFD0:Model$/, /^XMP:XMP-tiff:Model$/], also: /:(Unique(Camera)?|Local.*)?Model$/ },
  lens_model: {
    from: [/^EXIF:.*:LensModel$/, /^XMP:XMP-exifEX:LensModel$/, /^XMP:XMP-aux:Lens$/],
    also: /:Lens(Model|ID|Type|Spec|Info)?$/,
    read: lens,
  },
  description: {
    from: [
      /^EXIF:IFD0:ImageDescription$/,
      /^XMP:XMP-dc:Description$/,
      /^IPTC:(?:IPTC\d:)?Caption-Abstract$/,
      /^PNG:Description$/,
    ],
    also: /^(?!ICC_).*(Description(-\w+)*|Title|Headline|Caption.*|Comment|Subject|Keywords)$/,
  },
  city: { from: [/^IPTC:(?:IPTC\d:)?City$/, /^XMP:XMP-photoshop:City$/], also: /City$/ },
  state: { from: [/^IPTC:(?:IPTC\d:)?Province-State$/, /^XMP:XMP-photoshop:State$/], also: /State$/ },
  country: {
    from: [/^IPTC:(?:IPTC\d:)?Country-PrimaryLocationName$/, /^XMP:XMP-photoshop:Country$/],
    also: /Country(Name)?$/,
  },
  sublocation: {
    from: [/^IPTC:(?:IPTC\d:)?Sub-location$/, /^XMP:XMP-iptcCore:Location$/],
    also: /(Sub-?location|:Location)$/,
  },
  country_code: {
    from: [/^IPTC:(?:IPTC\d:)?Country-PrimaryLocationCode$/, /^XMP:XMP-iptcCore:CountryCode$/],
    also: /CountryCode$/,
    read: code,
  },
  projection_type: { from: [/^XMP:XMP-GPano:ProjectionType$/] },
  profile_description: { from: [/^ICC_Profile:ProfileDescription$/], also: /Profile(Description.*|Name)$/ },
  live_photo_cid: { from: [/^MakerNotes:Apple:(ContentIdentifier|MediaGroupUUID)$/] },
  auto_stack_id: {
    from: [/^MakerNotes:Apple:BurstUUID$/, /^XMP:XMP-GCamera:BurstID$/],
    also: /(UniqueID|BurstID|BurstUUID)$/,
  },
};

const numbers: Record<string, Rule> = {
  orientation: { from: [/^EXIF:IFD0:Orientation$/], read: upright },
  f_number: {
    from: [/^EXIF:.*:FNumber$/, /^XMP:XMP-exif:FNumber$/],
    also: /(FNumber|Aperture|ApertureValue)$/,
    read: aboveZero,
  },
  focal_length: {
    from: [/^EXIF:.*:FocalLength$/, /^XMP:XMP-exif:FocalLength$/],
    also: /FocalLength$/,
    read: aboveZero,
  },
  iso: {
    from: [/^EXIF:.*:ISO$/, /^XMP:XMP-exif:ISO$/],
    also: /(:ISO|ISOSpeed|ExposureIndex|Sensitivity)$/,
    read: first,
  },
  exposure_time: {
    from: [/^EXIF:.*:ExposureTime$/, /^XMP:XMP-exif:ExposureTime$/],
    also: /(ExposureTime|ShutterSpeed(Value)?)$/,
    read: aboveZero,
  },
  exposure_bias: {
    from: [/^EXIF:.*:ExposureCompensation$/, /^XMP:XMP-exif:ExposureCompensation$/],
    also: /ExposureCompensation$/,
    read: number,
  },
  rating: { from: [/^XMP:XMP-xmp:Rating$/, /^EXIF:IFD0:Rating$/], read: number },
};

const dates: Record<string, [RegExp[], RegExp]> = {
  original_datetime: [
    [/^EXIF:.*:DateTimeOriginal$/, /^XMP:XMP-exif:DateTimeOriginal$/],
    /^EXIF:.*:OffsetTimeOriginal$/,
  ],
  digitized_datetime: [[/^EXIF:.*:CreateDate$/, /^XMP:XMP-exif:DateTimeDigitized$/], /^EXIF:.*:OffsetTimeDigitized$/],
  modified_datetime: [[/^EXIF:IFD0:ModifyDate$/], /^EXIF:.*:OffsetTime$/],
};

export function expectedImageFields(tags: ExiftoolTags): ExpectedFields {
  const fields: Record<string, ExpectedValue> = {};
  const all = Object.entries(tags).map(([name, value]): [string, FieldValue] => [name, plain(value)]);
  for (const [field, rule] of [...Object.entries(text), ...Object.entries(numbers)]) {
    const expected = expectedBy(rule, all);
    if (expected !== null) fields[field] = expected;
  }
  if (fields["orientation"] === undefined) fields["orientation"] = { v: null, a: [1] };
  Object.assign(fields, positionFields(all), dateFields(all), dimensionFields(tags));
  return { kind: "image", fields };
}

function plain(value: unknown): FieldValue {
  if (typeof value === "number") return value;
  if (typeof value === "string") return value.trim() === "" ? null : value.trim();
  if (Array.isArray(value)) return plain(value[0]);
  return null;
}

function expectedBy({ from, also, read }: Rule, all: [string, FieldValue][]): ExpectedValue | null {
  const reading = read ?? ((value: FieldValue) => (value === null ? null : String(value)));
  const candidates = from.flatMap((pattern) =>
    all.filter(([name, value]) => pattern.test(name) && reading(value) !== null),
  );
  const alternatives = all
    .filter(([name]) => also?.test(name) ?? false)
    .map(([, value]) => reading(value))
    .filter((value) => value !== null);
  const [chosen] = candidates;
  if (chosen === undefined) return alternatives.length === 0 ? null : { v: null, a: alternatives };
  const [src, value] = chosen;
  const makerNote = src.startsWith("MakerNotes:") ? { hard: "makernote" } : {};
  return { v: reading(value), src, ...(alternatives.length > 0 ? { a: alternatives } : {}), ...makerNote };
}

function positionFields(all: [string, FieldValue][]): Record<string, ExpectedValue> {
  const find = (pattern: string) => all.find(([name]) => new RegExp(`^${pattern}$`).test(name));
  // Only XMP's coordinates are signed; its altitude and all EXIF values have a reference.
  const signed = (axis: string, negative: RegExp): ExpectedValue | null => {
    for (const group of ["EXIF:.*", "XMP:XMP-exif"]) {
      const [src, value = null] = find(`${group}:GPS${axis}`) ?? [];
      const size = number(value);
      if (typeof size !== "number") continue;
      const reference = String(find(`${group}:GPS${axis}Ref`)?.[1] ?? "");
      return { v: negative.test(reference) ? 0 - Math.abs(size) : size, src };
    }
    return null;
  };
  const latitude = signed("Latitude", /^s/i);
  const longitude = signed("Longitude", /^w/i);
  const altitude = signed("Altitude", /^1$/);
  const coordinates = latitude === null || longitude === null ? {} : { latitude, longitude };
  const isNullIsland = latitude?.v === 0 && longitude?.v === 0;
  for (const expected of Object.values(coordinates)) if (isNullIsland) expected.empty = true;
  return { ...coordinates, ...(altitude === null ? {} : { altitude }) };
}

function dateFields(all: [string, FieldValue][]): Record<string, ExpectedValue> {
  const fields: Record<string, ExpectedValue> = {};
  const any = all.map(([, value]) => dateOf(value)).filter((date) => date !== null);
  for (const [field, [from, offset]] of Object.entries(dates)) {
    const chosen = from.flatMap((pattern) =>
      all.filter(([name, value]) => pattern.test(name) && dateOf(value) !== null),
    )[0];
    const offsetTag = chosen?.[0].startsWith("EXIF:") ? all.find(([name]) => offset.test(name))?.[1] : null;
    const off = /(?:Z|[+-]\d\d:\d\d)$/.exec(String(chosen?.[1]))?.[0] ?? offsetTag ?? null;
    const withOffset = off === null ? {} : { off: String(off) };
    fields[field] =
      chosen === undefined ? { v: null, a: any } : { v: dateOf(chosen[1]), src: chosen[0], ...withOffset };
  }
  const original = fields["original_datetime"];
  if (original !== undefined) fields["local_datetime"] = { ...original, a: [...(original.a ?? []), ...midnights(all)] };
  return fields;
}

/** Dates without a time of day, which IPTC and Photoshop write, are midnight. */
function midnights(all: [string, FieldValue][]): string[] {
  return all.flatMap(([name, value]) => {
    const match = name.endsWith("DateCreated") ? /^(\d{4}):(\d\d):(\d\d)$/.exec(String(value)) : null;
    return match === null ? [] : [`${match.slice(1).join("-")}T00:00:00`];
  });
}

/** Uses the digits only, independent of the date parsers under test. */
function dateOf(value: FieldValue): string | null {
  const match = /^(\d{4})\D([ \d]\d)\D([ \d]\d)\D+(\d{1,2}):([ \d]\d)(?::([ \d]\d))?/.exec(String(value));
  if (match === null) return null;
  const [year, month, day, hour, minute, second] = match
    .slice(1)
    .map((digits: string | undefined) => (digits ?? "").trim().padStart(2, "0"));
  if (Number(year) === 0 || Number(month) === 0 || Number(day) === 0) return null;
  return `${year}-${month}-${day}T${hour}:${minute}:${second}`;
}
