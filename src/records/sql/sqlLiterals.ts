/**
 * Values that may stand in SQL text: numbers, our own ids and sort keys. A merge names them in every one of its inputs, and D1
 * binds 100 parameters a statement. Anything else is bound.
 */
import { sql, type SQL } from "drizzle-orm";

export function number(value: number): SQL {
  if (!Number.isFinite(value)) throw new Error(`${value} is no SQL number`);
  return sql.raw(String(value));
}

const ID = /^[a-z_]+_[2-9A-HJ-NP-Za-km-z]{22}$/;

export function id(value: string): SQL {
  if (!ID.test(value)) throw new Error("not an id");
  return sql.raw(`'${value}'`);
}

const SORT_KEY = /^[0-9a-f]{12,16}([a-z_]+_[2-9A-HJ-NP-Za-km-z]{22})?$/;

/** A row's sort key, or the part of it that is a time. */
export function sortKey(value: string): SQL {
  if (!SORT_KEY.test(value)) throw new Error("not a sort key");
  return sql.raw(`'${value}'`);
}
