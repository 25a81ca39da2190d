/** Checks that the npm scripts and the tests that a page names exist, also inside sentences. */
import { globSync, readFileSync } from "node:fs";
import { z } from "zod";

export interface KnownCommands {
  scripts: string[];
  /** Paths of test files, slow ones included. */
  tests: string[];
}

export function readKnownCommands(): KnownCommands {
  const { scripts } = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readFileSync("package.json", "utf8")));
  return { scripts: Object.keys(scripts), tests: globSync("test/**/*.test.ts") };
}

/** Returns the line of a position, from 1. */
function lineAt(text: string, position: number): number {
  return text.slice(0, position).split("\n").length;
}

/** Lists the npm scripts without an entry in package.json, and the test filters that select no file. Options are no filters. */
export function unknownNpmCommands(page: string, markdown: string, known: KnownCommands): string[] {
  const problems: string[] = [];
  for (const match of markdown.matchAll(/\bnpm run (?:--silent )?([a-z][\w:-]*)/g)) {
    const name = match[1] ?? "";
    if (!known.scripts.includes(name)) {
      problems.push(`${page}:${lineAt(markdown, match.index)}: package.json has no script ${name}`);
    }
  }
  for (const match of markdown.matchAll(/\b(npm test --|npm run test:slow --|vitest run) (?!-)([\w./-]+)/g)) {
    const [command, program, filter = ""] = match;
    const isSlow = program === "npm run test:slow --";
    const found = known.tests.some((path) => path.includes(filter) && path.endsWith(".slow.test.ts") === isSlow);
    if (!found) problems.push(`${page}:${lineAt(markdown, match.index)}: \`${command}\` selects no test`);
  }
  return problems;
}
