/** Markdown tables and numbers. */

export type CellValue = string | number;

/** Columns after the first `left` ones are aligned right. */
export function markdownTable(header: string[], rows: CellValue[][], left = 1): string {
  const rule = header.map((_, column) => (column < left ? "---" : "--:"));
  return [header, rule, ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

export function fixed(value: number, digits: number): string {
  return value.toFixed(digits);
}

/** Three significant digits, without an exponent: 0.123, 12.3, 1,230. */
export function rounded(value: number): string {
  if (value === 0) return "0";
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toLocaleString("en-US", { maximumFractionDigits: digits, maximumSignificantDigits: 3 });
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

export function dollars(value: number): string {
  return `$${value.toFixed(2)}`;
}

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** The text without the padding that the formatter adds to tables. */
export function withoutPadding(text: string): string {
  return text
    .replaceAll(/ {2,}/g, " ")
    .replaceAll(/ *\| */g, "|")
    .replaceAll(/-{2,}/g, "-")
    .trim();
}
