/// <reference types="vite/client" />
import { describe, expect, it } from "vitest";

/** D1 splits a migration file into statements on the server. These shapes apply locally and fail remotely. */
const files = Object.entries(
  import.meta.glob<string>(["../../migrations/*.sql", "../../search-migrations/*.sql"], {
    query: "?raw",
    import: "default",
    eager: true,
  }),
).map(([path, text]) => ({ name: path.split("/").at(-1) ?? path, text }));

/** D1's limit. A file has none, because the deploy command imports all missing files as one. */
const MAX_STATEMENT_BYTES = 100_000;

/** Replaces string literals and quoted identifiers by placeholders, so that only keywords and comments are checked. */
function withoutQuoted(line: string): string {
  return line.replaceAll(/'[^']*'|`[^`]*`|"[^"]*"/g, "x");
}

function findProblems(text: string): string[] {
  const problems: string[] = [];
  if (text.includes("\r")) problems.push("CR line end");
  let inTrigger = false;
  for (const line of text.split("\n")) {
    const comment = /^\s*--(?!> statement-breakpoint$)(.*)/.exec(line)?.[1];
    if (comment !== undefined) {
      if (/['"`;]/.test(comment)) problems.push(`quote mark or semicolon in a comment: ${line}`);
      continue;
    }
    const code = withoutQuoted(line).replace(/-->.*/, "");
    if (code.includes("--")) problems.push(`comment after SQL: ${line}`);
    if (/\b(begin|end|case|create|trigger|table|index|insert|update|delete|select|where)\b/.test(code)) {
      problems.push(`lowercase keyword: ${line}`);
    }
    if (/\bCREATE TRIGGER\b/.test(code)) inTrigger = true;
    if (inTrigger && /\bCASE\b/i.test(code)) problems.push(`CASE in a trigger: ${line}`);
    if (/^END;?/.test(code)) inTrigger = false;
  }
  return problems;
}

describe("migrations", () => {
  it("exist", () => {
    expect(files.length).toBeGreaterThan(0);
  });

  it.each(files)("contain only SQL that D1 can split: $name", ({ text }) => {
    expect(findProblems(text)).toEqual([]);
  });

  it.each(files)("stay within D1's limit of a statement: $name", ({ text }) => {
    const bytes = (sql: string): number => new TextEncoder().encode(sql).byteLength;
    for (const statement of text.split("--> statement-breakpoint")) {
      expect(bytes(statement)).toBeLessThanOrEqual(MAX_STATEMENT_BYTES);
    }
  });

  it.each([
    ["CR line ends", "CREATE TABLE `t` (`a` text);\r\n"],
    ["a quote mark in a comment", "-- the asset's month\nDROP TABLE `t`;\n"],
    ["a semicolon in a comment", "-- first; second\nDROP TABLE `t`;\n"],
    ["lowercase keywords", "CREATE TRIGGER `t` AFTER DELETE ON `a`\nbegin\n  DELETE FROM `b`;\nend;\n"],
    [
      "CASE in a trigger",
      "CREATE TRIGGER `t` AFTER DELETE ON `a`\nBEGIN\n  UPDATE `b` SET `c` = CASE WHEN `d` THEN 1 END;\nEND;\n",
    ],
  ])("are checked for %s", (_shape, text) => {
    expect(findProblems(text)).not.toEqual([]);
  });
});
