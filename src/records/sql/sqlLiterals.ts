/**
 * Values that are safe inside SQL text: numbers, ids and sort keys. A merge repeats them in each of its inputs, and D1
 * binds at most 100 parameters per statement. Every other value is bound.
 */
import { sql, type SQL } from "drizzle-orm";

export function sqlNumber(value: number): SQL {
  if (!Number.isFinite(value)) throw new Error(`not a finite number: ${value}`);
  return sql.raw(String(value));
}

const ID = /^[a-z_]+_[2-9A-HJ-NP-Za-km-z]{22}$/;

export function sqlId(value: string): SQL {
  if (!ID.test(value)) throw new Error("not an id");
  return sql.raw(`'${value}'`);
}

const SORT_KEY = /^[0-9a-f]{12,16}([a-z_]+_[2-9A-HJ-NP-Za-km-z]{22})?$/;

/** A row's sort key, or its time prefix. */
export function sqlSortKey(value: string): SQL {
  if (!SORT_KEY.test(value)) throw new Error("not a sort key");
  return sql.raw(`'${value}'`);
}
