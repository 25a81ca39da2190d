import { type Comparison, agrees } from "./agreement.ts";

interface Count {
  /** Compared values that are actual or expected. */
  values: number;
  agreeing: number;
  /** Disagreements: a different value, no value instead of the expected one, a value where none is expected. */
  other: number;
  missing: number;
  extra: number;
}

/** Counts agreement by field and by format. */
export class Tally {
  readonly byField = new Map<string, Count>();
  readonly byFormat = new Map<string, Count>();
  readonly total: Count = emptyCount();

  add(format: string, value: Comparison): void {
    if (value.expected.any || value.expected.hard !== undefined) return;
    if (value.actual === null && value.expected.v === null) return;
    for (const count of [countOf(this.byField, value.field), countOf(this.byFormat, format), this.total]) {
      count.values += 1;
      if (agrees(value.actual, value.expected)) count.agreeing += 1;
      else if (value.actual === null) count.missing += 1;
      else if (value.expected.v === null) count.extra += 1;
      else count.other += 1;
    }
  }
}

export function printTally(tally: Tally): void {
  printTable("field", tally.byField);
  printTable("format", tally.byFormat);
  printTable("all", new Map([["total", tally.total]]));
}

function printTable(title: string, counts: Map<string, Count>): void {
  console.log(`\n${line(title, "values", "agree", "other", "missing", "extra", "%")}`);
  for (const [name, { values, agreeing, other, missing, extra }] of [...counts].sort(([a], [b]) =>
    a.localeCompare(b),
  )) {
    console.log(line(name, values, agreeing, other, missing, extra, ((100 * agreeing) / values).toFixed(2)));
  }
}

function line(name: string, ...cells: (string | number)[]): string {
  return name.padEnd(24) + cells.map((cell) => String(cell).padStart(9)).join("");
}

function countOf(counts: Map<string, Count>, key: string): Count {
  const count = counts.get(key) ?? emptyCount();
  counts.set(key, count);
  return count;
}

function emptyCount(): Count {
  return { values: 0, agreeing: 0, other: 0, missing: 0, extra: 0 };
}
