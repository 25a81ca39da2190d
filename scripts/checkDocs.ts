/**
 * `npm run check:docs [-- PAGE...]`: runs the fenced `sh` blocks of the documentation against a fresh server, in a copy
 * of the project's directory. Fails if a command fails, a response differs from the page, a command works on one
 * system only, or a page names a script or a test that does not exist. Commands that can't run here are listed with the reason.
 */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { withServer } from "./demo/server.ts";
import { type CommandBlock, readCommandBlocks } from "./docs/blocks.ts";
import { readKnownCommands, unknownNpmCommands } from "./docs/npmCommands.ts";
import { portabilityProblems } from "./docs/portability.ts";
import { createWorkingCopy, findCurl, runPage } from "./docs/runner.ts";
import { seed } from "./docs/seed.ts";
import { selectCommands, skips } from "./docs/skipped.ts";

/** The README comes first, because its commands expect an empty server; the others expect a few uploads. */
const FIRST_PAGE = "README.md";
/** The last page, because a second library changes what the root key may leave out. */
const LAST_PAGE = "docs/use-the-official-client.md";

function allPages(): string[] {
  const pages = readdirSync("docs").filter((name) => name.endsWith(".md"));
  const paths = pages.toSorted().map((name) => `docs/${name}`);
  const others = ["CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "bench/README.md", "samples/README.md"];
  return [FIRST_PAGE, ...others, ...paths.filter((path) => path !== LAST_PAGE), LAST_PAGE];
}

/** Returns why a page that installs a Python package can't run on this machine; null if it can. */
function pythonProblem(blocks: CommandBlock[], directory: string): string | null {
  const scripts = blocks.map((block) => selectCommands(block).script).join("");
  const requirement = /\bpip install (\S+)/.exec(scripts)?.[1];
  if (requirement === undefined) return null;
  const run = (args: string[]) => spawnSync("python3", args, { stdio: "ignore", timeout: 60_000 }).status === 0;
  if (!run(["-c", "import ensurepip, venv"])) return "python3 with venv is not installed";
  const download = ["-m", "pip", "download", "--quiet", "--no-deps", "--dest", directory, requirement];
  return run(download) ? null : "PyPI is not reachable";
}

/** Lists what does not run, by reason. */
function listSkipped(blocks: CommandBlock[]): void {
  console.log("Not run:");
  for (const { pattern, reason } of skips) {
    const places = blocks.filter((block) => selectCommands(block).skipped.some(({ skip }) => skip.pattern === pattern));
    if (places.length === 0) continue;
    console.log(
      `  ${pattern.source}: ${reason}\n      ${places.map(({ page, line }) => `${page}:${line}`).join(", ")}`,
    );
  }
}

/** A rule that matches nothing would hide a command of the same name later. */
function unusedSkips(blocks: CommandBlock[]): string[] {
  const used = new Set(blocks.flatMap((block) => selectCommands(block).skipped.map(({ skip }) => skip)));
  return skips.filter((skip) => !used.has(skip)).map(({ pattern }) => `scripts/docs/skipped.ts: ${pattern} is unused`);
}

async function runPages(pages: Map<string, CommandBlock[]>, directory: string, origin: string): Promise<string[]> {
  const copy = createWorkingCopy(directory);
  const problems: string[] = [];
  let isSeeded = false;
  for (const [page, blocks] of pages) {
    const reason = pythonProblem(blocks, directory);
    if (reason !== null) console.log(`  ${page}  skipped: ${reason}`);
    if (reason !== null || blocks.every((block) => selectCommands(block).script === "")) continue;
    if (page !== FIRST_PAGE && !isSeeded) await seed(origin);
    isSeeded ||= page !== FIRST_PAGE;
    const startMs = Date.now();
    const found = await runPage(blocks, copy, origin);
    const seconds = ((Date.now() - startMs) / 1_000).toFixed(1);
    console.log(`  ${page}  ${found.length === 0 ? "runs" : "FAILS"} (${seconds} s)`);
    problems.push(...found);
  }
  return problems;
}

async function check(selected: string[]): Promise<void> {
  const names = selected.length > 0 ? selected : allPages();
  const texts = new Map(names.map((page) => [page, readFileSync(page, "utf8")]));
  const pages = new Map([...texts].map(([page, text]) => [page, readCommandBlocks(page, text)]));
  const blocks = [...pages.values()].flat();
  listSkipped(blocks);
  console.log("Run:");
  const directory = mkdtempSync(join(tmpdir(), "docs-"));
  try {
    const problems = blocks.flatMap(portabilityProblems);
    const known = readKnownCommands();
    problems.push(...[...texts].flatMap(([page, text]) => unknownNpmCommands(page, text, known)));
    if (selected.length === 0) problems.push(...unusedSkips(blocks));
    const canRun = findCurl() !== null;
    if (!canRun) console.log("  nothing: curl is not installed");
    if (canRun) problems.push(...(await withServer(directory, ({ origin }) => runPages(pages, directory, origin))));
    if (problems.length > 0) throw new Error(`\n${problems.join("\n\n")}`);
    console.log(
      `${blocks.length} blocks of ${names.length} pages are portable${canRun ? ", and what can run here runs" : ""}.`,
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

try {
  await check(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
