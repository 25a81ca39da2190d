/**
 * Reads JSON objects of known fields. Requests and files are validated when a column is written, so reading checks only
 * the type of each value. A schema takes twice as long, and the first request of an isolate would have to compile it.
 */
import type { WallTime } from "../../../kernel/time.ts";

type FieldKind = "text" | "number" | "time";
export type FieldKinds = Readonly<Record<string, FieldKind>>;

type Value<Kind> = Kind extends "text" ? string : Kind extends "number" ? number : WallTime;
export type FieldValues<T extends FieldKinds> = { [Field in keyof T]: Value<T[Field]> | null };

type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function readText(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function readNumber(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}

export function readTime(value: unknown): WallTime | null {
  if (!isJsonObject(value) || typeof value["wallUs"] !== "number") return null;
  return { wallUs: value["wallUs"], offsetMinutes: readNumber(value["offsetMinutes"]) };
}

const readers = { text: readText, number: readNumber, time: readTime };

/** Returns a function that reads the fields of a JSON value. Missing and mistyped values are null. */
export function fieldReader<T extends FieldKinds>(kinds: T): (value: unknown) => FieldValues<T>;
export function fieldReader(kinds: FieldKinds): (value: unknown) => Record<string, unknown> {
  const fields = Object.entries(kinds).map(([name, kind]) => ({ name, read: readers[kind] }));
  return (value) => {
    const object = isJsonObject(value) ? value : {};
    const result: Record<string, unknown> = {};
    for (const { name, read } of fields) result[name] = read(object[name]);
    return result;
  };
}
