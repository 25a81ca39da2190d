/** What `readFacts` says of a file against what is expected of it, field by field. Pure: the tests run it in workerd. */
import type { MediaFacts } from "../../src/media/inspect/mediaInfo.ts";
import { type WallTime, parseOffset } from "../../src/media/inspect/metadata/wallTime.ts";

export type Answer = string | number | null;

/** What a field should hold, as truth.json in test/fixtures/media has it. */
export interface Expected {
  v: Answer;
  /** Other answers that are not wrong. */
  a?: (string | number)[] | undefined;
  /** Not judged. */
  any?: boolean | undefined;
  /** A placeholder: null is fine too. */
  empty?: boolean | undefined;
  /** Where a standard parser does not look. */
  hard?: string | undefined;
  /** The UTC offset of a date. */
  off?: string | undefined;
  /** The tag it was taken from. */
  src?: string | undefined;
}

export interface Truth {
  kind: string;
  /** A field that is not listed is expected to be null. */
  fields: Record<string, Expected>;
}

export interface Difference {
  field: string;
  answer: Answer;
  expected: Expected;
}

/** The fields that are not metadata of the picture but facts of the upload. */
const otherFields = ["mime_type", "checksum", "checksum_sha1", "file_size_bytes"];

/** Each field under the name that the API gives it; null where nothing is known, which a width and a height tell by 0. */
export function answersOf(facts: MediaFacts): Map<string, Answer> {
  const answers = new Map<string, Answer>();
  for (const [name, value] of Object.entries(facts.metadata)) {
    const key = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    answers.set(key, typeof value === "object" ? wallText(value) : value);
  }
  return answers
    .set("width", facts.width || null)
    .set("height", facts.height || null)
    .set("raw_width", facts.rawWidth)
    .set("raw_height", facts.rawHeight)
    .set("duration", facts.durationSeconds)
    .set("local_datetime", wallText(facts.captureTime));
}

function wallText(time: WallTime | null): string | null {
  return time === null ? null : new Date(time.wallUs / 1000).toISOString().slice(0, 19);
}

export function agrees(answer: Answer, expected: Expected): boolean {
  if (expected.any || expected.hard !== undefined) return true;
  if (expected.empty && answer === null) return true;
  return [expected.v, ...(expected.a ?? [])].some((other) => same(answer, other));
}

function same(answer: Answer, expected: Answer): boolean {
  if (typeof answer === "number" && typeof expected === "number") {
    return Math.abs(answer - expected) <= Math.max(1e-4 * Math.abs(expected), 1e-6);
  }
  return answer === expected;
}

/** The fields that are judged: what is expected of them, and what is said of them. */
export function judged(facts: MediaFacts, truth: Truth): Difference[] {
  const answers = answersOf(facts);
  const names = new Set([...answers.keys(), ...Object.keys(truth.fields)]);
  return [...names]
    .filter((field) => !otherFields.includes(field))
    .map((field) => ({ field, answer: answers.get(field) ?? null, expected: truth.fields[field] ?? { v: null } }));
}

export function differences(facts: MediaFacts, truth: Truth): Difference[] {
  const wrong = judged(facts, truth).filter(({ answer, expected }) => !agrees(answer, expected));
  const offset = facts.captureTime?.offsetMinutes;
  const expected = truth.fields["local_datetime"];
  const expectedOffset = parseOffset(expected?.off ?? "");
  if (expected !== undefined && offset !== undefined && expectedOffset !== null && offset !== expectedOffset) {
    wrong.push({ field: "local_datetime offset", answer: offset, expected });
  }
  return wrong;
}
