/**
 * Compares the fields that `readMediaInfo` returns with expected values. Free of Node imports, because tests run it in
 * workerd.
 */
import type { MediaInfo } from "../../src/media/inspect/mediaInfo.ts";
import { type WallTime, parseOffset } from "../../src/media/inspect/metadata/wallTime.ts";

export type FieldValue = string | number | null;

/** An expected value, in the format of test/fixtures/media/truth.json. */
export interface ExpectedValue {
  v: FieldValue;
  /** Acceptable alternatives. */
  a?: (string | number)[] | undefined;
  /** Any value agrees. */
  any?: boolean | undefined;
  /** A placeholder: null is acceptable. */
  empty?: boolean | undefined;
  /** The reason why parsers may miss the value; excluded from the comparison. */
  hard?: string | undefined;
  /** The UTC offset of a date. */
  off?: string | undefined;
  /** The tag of the value. */
  src?: string | undefined;
}

export interface ExpectedFields {
  kind: string;
  /** Missing fields are expected to be null. */
  fields: Record<string, ExpectedValue>;
}

export interface Comparison {
  field: string;
  actual: FieldValue;
  expected: ExpectedValue;
}

/** Fields of the upload, not of the file's metadata. */
const uploadFields = ["mime_type", "checksum", "checksum_sha1", "file_size_bytes"];

/** Returns the fields under their API names; null if unknown. */
export function fieldsOf(info: MediaInfo): Map<string, FieldValue> {
  const values = new Map<string, FieldValue>();
  for (const [name, value] of Object.entries(info.metadata)) {
    const key = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    values.set(key, typeof value === "object" ? toLocalTimeText(value) : value);
  }
  return values
    .set("width", info.width || null)
    .set("height", info.height || null)
    .set("raw_width", info.rawWidth)
    .set("raw_height", info.rawHeight)
    .set("duration", info.durationSeconds)
    .set("local_datetime", toLocalTimeText(info.captureTime));
}

function toLocalTimeText(time: WallTime | null): string | null {
  return time === null ? null : new Date(time.wallUs / 1000).toISOString().slice(0, 19);
}

/** Whether a value is the expected one or an acceptable alternative. */
export function agrees(actual: FieldValue, expected: ExpectedValue): boolean {
  if (expected.any || expected.hard !== undefined) return true;
  if (expected.empty && actual === null) return true;
  return [expected.v, ...(expected.a ?? [])].some((value) => isSameValue(actual, value));
}

function isSameValue(actual: FieldValue, expected: FieldValue): boolean {
  if (typeof actual === "number" && typeof expected === "number") {
    return Math.abs(actual - expected) <= Math.max(1e-4 * Math.abs(expected), 1e-6);
  }
  return actual === expected;
}

/** Pairs the actual and expected value of each compared field. */
export function comparisons(info: MediaInfo, expected: ExpectedFields): Comparison[] {
  const values = fieldsOf(info);
  const names = new Set([...values.keys(), ...Object.keys(expected.fields)]);
  return [...names]
    .filter((field) => !uploadFields.includes(field))
    .map((field) => ({ field, actual: values.get(field) ?? null, expected: expected.fields[field] ?? { v: null } }));
}

/** Returns the fields that disagree, including the UTC offset of the capture time. */
export function differences(info: MediaInfo, expected: ExpectedFields): Comparison[] {
  const different = comparisons(info, expected).filter((field) => !agrees(field.actual, field.expected));
  const offset = info.captureTime?.offsetMinutes;
  const captureTime = expected.fields["local_datetime"];
  const expectedOffset = parseOffset(captureTime?.off ?? "");
  if (captureTime !== undefined && offset !== undefined && expectedOffset !== null && offset !== expectedOffset) {
    different.push({ field: "local_datetime offset", actual: offset, expected: captureTime });
  }
  return different;
}
