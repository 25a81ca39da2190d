/** Runs the commands of a page in one shell, so that later blocks see the variables of earlier ones. */
import { spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { waitForExit } from "../wrangler.ts";
import type { CommandBlock } from "./blocks.ts";
import { selectCommands } from "./skipped.ts";

/** Longest run of one page. */
const PAGE_TIMEOUT_MS = 180_000;
const MAX_SHOWN_CHARACTERS = 2_000;

/** Addresses that the pages use for a local server. */
const documentedOrigins = ["http://localhost:8787", "http://localhost:9000"];

/** The project's entries that a copy does not share: it has none, or its own. */
const ownEntries = new Set([".git", ".tmp", ".wrangler", "dist"]);

/**
 * Makes curl fail for an HTTP status from 400, also in a pipe, and records each status: documented commands leave out
 * options that only a check needs.
 */
const CURL = `#!/bin/sh
"$REAL_CURL" --fail-with-body --write-out '%{stderr}\\n%{http_code} %{url_effective}\\n' "$@" 2> "$LOG.curl"
code=$?
cat "$LOG.curl" >&2
grep -E '^[0-9]{3} http' "$LOG.curl" >> "$LOG.statuses"
[ $code -eq 0 ] || cat "$LOG.curl" >> "$LOG.failed"
exit $code
`;

/** A directory that looks like the project's: the commands write files into it. */
export function createWorkingCopy(directory: string): string {
  const copy = join(directory, "project");
  mkdirSync(copy, { recursive: true });
  for (const entry of readdirSync(".")) {
    if (!ownEntries.has(entry) && !/^deploy\..*env$/.test(entry)) symlinkSync(resolve(entry), join(copy, entry));
  }
  const bin = join(directory, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "curl"), CURL);
  chmodSync(join(bin, "curl"), 0o755);
  return copy;
}

/** Returns the path of curl; null where it is not installed, such as in a slim container. */
export function findCurl(): string | null {
  const found = (process.env["PATH"] ?? "").split(":").find((path) => existsSync(join(path, "curl")));
  return found === undefined ? null : join(found, "curl");
}

/** What a block printed, and the statuses of its requests. */
interface BlockResult {
  stdout: string;
  stderr: string;
  statuses: number[];
  failedRequests: string;
}

function readResult(log: string): BlockResult | null {
  if (!existsSync(`${log}.out`)) return null;
  const read = (suffix: string) => (existsSync(log + suffix) ? readFileSync(log + suffix, "utf8") : "");
  const lines = read(".statuses").split("\n").filter(Boolean);
  const statuses = lines.map((line) => Number(line.slice(0, 3)));
  return { stdout: read(".out"), stderr: read(".err"), statuses, failedRequests: read(".failed") };
}

/** The keys and types of a JSON value; of a list, those of its first entry. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf);
  if (typeof value !== "object" || value === null) return value === null ? null : typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, shapeOf(child)]));
}

/** Returns why the output differs from the one in the page; JSON may differ in values. */
export function outputProblem(output: CommandBlock["output"], stdout: string): string | null {
  if (output === null) return null;
  if (output.language === "") {
    return stdout.trim() === output.text.trim() ? null : `printed\n${stdout}\nbut the page shows\n${output.text}`;
  }
  const shown = JSON.stringify(shapeOf(JSON.parse(output.text)));
  const printed = JSON.stringify(shapeOf(JSON.parse(stdout)));
  return shown === printed ? null : `printed JSON like\n${printed}\nbut the page shows\n${shown}`;
}

function blockProblem(block: CommandBlock, result: BlockResult | null, isLast: boolean): string | null {
  if (result === null) return "did not run, because a block above ended the shell";
  if (result.failedRequests !== "") return `a request failed:\n${result.failedRequests}${result.stdout}`;
  if (isLast)
    return `failed:\n${result.stdout.slice(-MAX_SHOWN_CHARACTERS)}${result.stderr.slice(-MAX_SHOWN_CHARACTERS)}`;
  const status = result.statuses.at(-1);
  if (block.status !== null && status !== block.status) return `got ${status}, but the page says ${block.status}`;
  return outputProblem(block.output, result.stdout);
}

function pageScript(blocks: CommandBlock[], log: string, origin: string): string {
  const parts = blocks.map((block, index) => {
    const name = `${log}.${index}`;
    return `export LOG='${name}'\nexec > "$LOG.out" 2> "$LOG.err"\n${selectCommands(block).script}`;
  });
  return documentedOrigins.reduce((script, documented) => script.replaceAll(documented, origin), parts.join("\n"));
}

/** Runs a page's blocks in order against the server at `origin`. Returns the problems, one text each. */
export async function runPage(blocks: CommandBlock[], copy: string, origin: string): Promise<string[]> {
  const runnable = blocks.filter((block) => selectCommands(block).script !== "");
  if (runnable.length === 0) return [];
  const log = join(mkdtempSync(join(dirname(copy), "log-")), "block");
  const env = {
    ...process.env,
    REAL_CURL: findCurl() ?? "curl",
    PATH: `${join(dirname(copy), "bin")}:${process.env["PATH"]}`,
  };
  // sh, because a command that works there works in bash and zsh too. -u finds variables that the page never sets.
  const shell = spawn("sh", ["-eu", "-c", pageScript(runnable, log, origin)], { cwd: copy, env, stdio: "ignore" });
  const timer = setTimeout(() => shell.kill("SIGKILL"), PAGE_TIMEOUT_MS);
  const code = await waitForExit(shell);
  clearTimeout(timer);
  const results = runnable.map((_, index) => readResult(`${log}.${index}`));
  const lastIndex = results.findLastIndex((result) => result !== null);
  return runnable.flatMap((block, index) => {
    const problem = blockProblem(block, results[index] ?? null, code !== 0 && index === lastIndex);
    return problem === null ? [] : [`${block.page}:${block.line}: ${problem}`];
  });
}
