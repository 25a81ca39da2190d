/** Writes a generated page, or checks with `--check` that it is up to date. */
import { readFileSync, writeFileSync } from "node:fs";

/** Compares without the padding that the formatter adds to tables. */
function withoutPadding(text: string): string {
  return text.replaceAll(/ {2,}/g, " ").replaceAll(/-{3,}/g, "---");
}

export function writePage(path: string, page: string, command: string): void {
  if (!process.argv.includes("--check")) {
    writeFileSync(path, page);
  } else if (withoutPadding(readFileSync(path, "utf8")) !== withoutPadding(page)) {
    console.error(`${path} is out of date: run ${command}`);
    process.exit(1);
  }
}

export function markdownTable(head: string[], rows: string[][]): string {
  const lines = [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  return lines.join("\n");
}
