/** One limit: a constant of the code with its unit, where it applies, and the answer beyond it. */

export type Unit =
  | "bytes"
  | "characters"
  | "items"
  | "requests"
  | "rows"
  | "ms"
  | "seconds"
  | "pixels"
  | "px"
  | "days"
  | "levels"
  | "degrees"
  | "m"
  | "stars"
  | "year";

export interface Limit {
  /** Name of the constant, for a text search in `src/`. */
  constant: string;
  value: number;
  unit: Unit;
  appliesTo: string;
  beyond: string;
}

export interface Section {
  title: string;
  intro?: string;
  limits: Limit[];
}

/** Takes the value from the module, so that a renamed constant or one of another type fails the type check. */
export function limit<Name extends string>(
  module: Readonly<Record<Name, number>>,
  constant: Name,
  unit: Unit,
  appliesTo: string,
  beyond: string,
): Limit {
  return { constant, value: module[constant], unit, appliesTo, beyond };
}

const count = new Intl.NumberFormat("en-US", { maximumFractionDigits: 4 });

type ScaledUnit = [size: number, name: string];

function largestUnit(value: number, units: readonly ScaledUnit[]): string | null {
  const unit = units.find(([size]) => value >= size && value % (size / 4) === 0);
  if (unit === undefined) return null;
  const scaled = value / unit[0];
  return `${count.format(scaled)} ${scaled === 1 ? unit[1].replace(/s$/, "") : unit[1]}`;
}

const BINARY_UNITS: ScaledUnit[] = [
  [1024 ** 4, "TiB"],
  [1024 ** 3, "GiB"],
  [1024 ** 2, "MiB"],
  [1024, "KiB"],
];

const DURATIONS_MS: ScaledUnit[] = [
  [24 * 3600_000, "days"],
  [3600_000, "hours"],
  [60_000, "minutes"],
  [1000, "seconds"],
];

/** `1 MiB`, `30 minutes`, `200 items`. */
export function formatValue(value: number, unit: Unit): string {
  const plain = `${count.format(value)} ${unit}`;
  if (unit === "year") return String(value);
  if (unit === "bytes") return largestUnit(value, BINARY_UNITS) ?? plain;
  if (unit === "ms" || unit === "seconds") {
    const ms = unit === "ms" ? value : value * 1000;
    return largestUnit(ms, DURATIONS_MS) ?? plain;
  }
  if (unit === "pixels" && value % 1_000_000 === 0) return `${count.format(value / 1_000_000)} megapixels`;
  return plain;
}
