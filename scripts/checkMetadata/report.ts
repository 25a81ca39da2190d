/** Counts agreement by field and by format, and prints it as two tables. */
import { type Difference, agrees } from "./agreement.ts";

interface Count {
  /** A value on one side or the other, and judged. */
  values: number;
  agreeing: number;
  /** Of those that do not agree: an answer where there should be another, none where there should be one, one where there should be none. */
  other: number;
  missing: number;
  extra: number;
}

export class Tally {
  readonly byField = new Map<string, Count>();
  readonly byFormat = new Map<string, Count>();
  readonly total: Count = emptyCount();

  add(format: string, value: Difference): void {
    if (value.expected.any || value.expected.hard !== undefined) return;
    if (value.answer === null && value.expected.v === null) return;
    for (const count of [counted(this.byField, value.field), counted(this.byFormat, format), this.total]) {
      count.values += 1;
      if (agrees(value.answer, value.expected)) count.agreeing += 1;
      else if (value.answer === null) count.missing += 1;
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

function counted(counts: Map<string, Count>, key: string): Count {
  const count = counts.get(key) ?? emptyCount();
  counts.set(key, count);
  return count;
}

function emptyCount(): Count {
  return { values: 0, agreeing: 0, other: 0, missing: 0, extra: 0 };
}
