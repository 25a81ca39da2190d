/**
 * Truth from what `exiftool -j -a -G0:1 -n` prints: for each field the tags it is taken from, the first that is there
 * being the value and the others "not wrong". Reads that output alone; exiftool itself is not needed here.
 */
import { countryCode } from "../../src/media/inspect/metadata/countryCodes.ts";
import type { Answer, Expected, Truth } from "./agreement.ts";
import { dimensionFields } from "./exiftoolSizes.ts";

/** One file's tags, by "Group0:Group1:Name". */
export type ExiftoolTags = Record<string, unknown>;

interface Rule {
  /** Group and name of the tags that count, the first choice first. */
  from: RegExp[];
  /** What else may be answered. */
  also?: RegExp;
  read?: (value: Answer) => Answer;
}

/** A number of many digits stands in quotes. */
const number = (value: Answer): Answer => {
  const read = typeof value === "string" && /^[-+]?[.\d]/.test(value) ? Number(value) : value;
  return typeof read === "number" && Number.isFinite(read) ? read : null;
};
const inRange = (least: number, most: number) => (value: Answer) => {
  const read = number(value);
  return typeof read === "number" && read >= least && read <= most ? read : null;
};
const aboveZero = inRange(Number.MIN_VALUE, Number.MAX_VALUE);
const upright = inRange(1, 8);
const code = (value: Answer): Answer => (value === null ? null : countryCode(String(value)));
const first = (value: Answer): Answer =>
  typeof value === "string" ? aboveZero(Number.parseFloat(value)) : aboveZero(value);

const text: Record<string, Rule> = {
  make: { from: [/^EXIF:IFD0:Make$/, /^XMP:XMP-tiff:Make$/], also: /:Make$/ },
  model: { from: [/^EXIF:IFD0:Model$/, /^XMP:XMP-tiff:Model$/], also: /:(Unique(Camera)?|Local.*)?Model$/ },
  lens_model: {
    from: [/^EXIF:.*:LensModel$/, /^XMP:XMP-exifEX:LensModel$/, /^XMP:XMP-aux:Lens$/],
    also: /:Lens(Model|ID|Type|Spec)?$/,
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

export function truthOf(tags: ExiftoolTags): Truth {
  const fields: Record<string, Expected> = {};
  const all = Object.entries(tags).map(([name, value]): [string, Answer] => [name, plain(value)]);
  for (const [field, rule] of [...Object.entries(text), ...Object.entries(numbers)]) {
    const expected = expectedBy(rule, all);
    if (expected !== null) fields[field] = expected;
  }
  if (fields["orientation"] === undefined) fields["orientation"] = { v: null, a: [1] };
  Object.assign(fields, positionFields(all), dateFields(all), dimensionFields(tags));
  return { kind: "image", fields };
}

function plain(value: unknown): Answer {
  if (typeof value === "number") return value;
  if (typeof value === "string") return value.trim() === "" ? null : value.trim();
  if (Array.isArray(value)) return plain(value[0]);
  return null;
}

function expectedBy({ from, also, read }: Rule, all: [string, Answer][]): Expected | null {
  const reading = read ?? ((value: Answer) => (value === null ? null : String(value)));
  const found = from.flatMap((pattern) => all.filter(([name, value]) => pattern.test(name) && reading(value) !== null));
  const others = all
    .filter(([name]) => also?.test(name) ?? false)
    .map(([, value]) => reading(value))
    .filter((value) => value !== null);
  const [chosen] = found;
  if (chosen === undefined) return others.length === 0 ? null : { v: null, a: others };
  const [src, value] = chosen;
  const makerNote = src.startsWith("MakerNotes:") ? { hard: "makernote" } : {};
  return { v: reading(value), src, ...(others.length > 0 ? { a: others } : {}), ...makerNote };
}

function positionFields(all: [string, Answer][]): Record<string, Expected> {
  const find = (pattern: string) => all.find(([name]) => new RegExp(`^${pattern}$`).test(name));
  // XMP's coordinates have their sign, its altitude has not; EXIF's have none.
  const signed = (axis: string, negative: RegExp): Expected | null => {
    for (const group of ["EXIF:.*", "XMP:XMP-exif"]) {
      const [src, found = null] = find(`${group}:GPS${axis}`) ?? [];
      const size = number(found);
      if (typeof size !== "number") continue;
      const reference = String(find(`${group}:GPS${axis}Ref`)?.[1] ?? "");
      return { v: negative.test(reference) ? 0 - Math.abs(size) : size, src };
    }
    return null;
  };
  const latitude = signed("Latitude", /^s/i);
  const longitude = signed("Longitude", /^w/i);
  const altitude = signed("Altitude", /^1$/);
  const placed = latitude === null || longitude === null ? {} : { latitude, longitude };
  const isNowhere = latitude?.v === 0 && longitude?.v === 0;
  for (const expected of Object.values(placed)) if (isNowhere) expected.empty = true;
  return { ...placed, ...(altitude === null ? {} : { altitude }) };
}

function dateFields(all: [string, Answer][]): Record<string, Expected> {
  const fields: Record<string, Expected> = {};
  const any = all.map(([, value]) => dateOf(value)).filter((date) => date !== null);
  for (const [field, [from, offset]] of Object.entries(dates)) {
    const chosen = from.flatMap((pattern) =>
      all.filter(([name, value]) => pattern.test(name) && dateOf(value) !== null),
    )[0];
    const beside = chosen?.[0].startsWith("EXIF:") ? all.find(([name]) => offset.test(name))?.[1] : null;
    const off = /(?:Z|[+-]\d\d:\d\d)$/.exec(String(chosen?.[1]))?.[0] ?? beside ?? null;
    const withOffset = off === null ? {} : { off: String(off) };
    fields[field] =
      chosen === undefined ? { v: null, a: any } : { v: dateOf(chosen[1]), src: chosen[0], ...withOffset };
  }
  const original = fields["original_datetime"];
  if (original !== undefined) fields["local_datetime"] = original;
  return fields;
}

/** By the digits alone: what a reader of dates makes of them is what is being checked. */
function dateOf(value: Answer): string | null {
  const match = /^(\d{4})\D([ \d]\d)\D([ \d]\d)\D+(\d{1,2}):([ \d]\d)(?::([ \d]\d))?/.exec(String(value));
  if (match === null) return null;
  const [year, month, day, hour, minute, second] = match
    .slice(1)
    .map((digits: string | undefined) => (digits ?? "").trim().padStart(2, "0"));
  if (Number(year) === 0 || Number(month) === 0 || Number(day) === 0) return null;
  return `${year}-${month}-${day}T${hour}:${minute}:${second}`;
}
