/**
 * `npm run bench:cpu`: CPU time of requests in the isolate, in Node, which has the engine of Workers. Measures the
 * production bundle without the services behind the bindings: the median of later requests of one process, and the
 * first request of a new process, whose functions are not compiled yet.
 *
 * `-- list100` measures one request, `-- --short` takes a few seconds. NODE_OPTIONS=--cpu-prof writes profiles.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { buildBundle, importBundle } from "./cpu/bundle.ts";
import { cpuMs, median } from "./cpu/clock.ts";
import { createLibrary, openBench, scenarios, type Library, type ScenarioName } from "./cpu/scenarios.ts";
import { installWorkerGlobals } from "./cpu/workerGlobals.ts";

const scriptPath = fileURLToPath(import.meta.url);

/** Workers forbid code from strings, which changes how zod validates. */
const NODE_FLAGS = ["--disallow-code-generation-from-strings", "--js-base-64", "--no-warnings"];

interface Effort {
  warmUpRequests: number;
  rounds: number;
  requestsPerRound: number;
  newProcesses: number;
}

const FULL: Effort = { warmUpRequests: 300, rounds: 15, requestsPerRound: 20, newProcesses: 7 };
const SHORT: Effort = { warmUpRequests: 100, rounds: 5, requestsPerRound: 10, newProcesses: 3 };

export interface CpuResult {
  name: ScenarioName;
  title: string;
  /** Median of the first request of new processes. */
  firstMs: number;
  /** Median of later requests. */
  laterMs: number;
}

export interface CpuResults {
  /** Evaluation of the bundle, before the first request. */
  startMs: number;
  requests: CpuResult[];
}

function isScenario(name: string): name is ScenarioName {
  return name in scenarios;
}

/** Runs in a new process: the first request of an isolate. */
async function measureFirst(name: ScenarioName, library: Library): Promise<{ startMs: number; firstMs: number }> {
  installWorkerGlobals();
  let worker: Awaited<ReturnType<typeof importBundle>> | undefined;
  const startMs = await cpuMs(async () => {
    worker = await importBundle();
    // An isolate starts with what the modules do without waiting for a service.
    await setImmediate();
  });
  if (worker === undefined) throw new Error("the bundle was not imported");
  const bench = await openBench(worker, library);
  return { startMs, firstMs: await bench.measure(name) };
}

async function measureLater(name: ScenarioName, library: Library, effort: Effort): Promise<number> {
  installWorkerGlobals();
  const bench = await openBench(await importBundle(), library);
  const isLarge = name === "upload" || name === "groups1000";
  const requests = isLarge ? Math.ceil(effort.requestsPerRound / 5) : effort.requestsPerRound;
  for (let i = 0; i < (isLarge ? effort.warmUpRequests / 5 : effort.warmUpRequests); i++) await bench.measure(name);
  const rounds: number[] = [];
  for (let round = 0; round < effort.rounds; round++) {
    let sum = 0;
    for (let i = 0; i < requests; i++) sum += await bench.measure(name);
    rounds.push(sum / requests);
  }
  return median(rounds);
}

function inNewProcess(...args: string[]): unknown {
  const output = execFileSync(process.execPath, [...NODE_FLAGS, scriptPath, ...args], { encoding: "utf8" });
  return JSON.parse(output);
}

function numberOf(value: unknown, key: string): number {
  const number: unknown = typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
  if (typeof number !== "number") throw new Error(`the process printed no ${key}`);
  return number;
}

function measureScenario(name: ScenarioName, library: Library, effort: Effort): CpuResult & { startMs: number } {
  const args = [JSON.stringify(library), JSON.stringify(effort)];
  const firsts = Array.from({ length: effort.newProcesses }, () => inNewProcess("--first", name, ...args));
  return {
    name,
    title: scenarios[name].title,
    startMs: median(firsts.map((first) => numberOf(first, "startMs"))),
    firstMs: median(firsts.map((first) => numberOf(first, "firstMs"))),
    laterMs: numberOf(inNewProcess("--later", name, ...args), "laterMs"),
  };
}

/** Measures the current sources: about a minute and a half, or half a minute if `short`. */
export async function measureCpu(names: ScenarioName[], short = false): Promise<CpuResults> {
  const folder = mkdtempSync(join(tmpdir(), "tintype-cpu-"));
  try {
    await buildBundle();
    const library = inNewProcess("--library", join(folder, "library.db"));
    if (!isLibrary(library)) throw new Error("the process printed no library");
    const requests = names.map((name) => measureScenario(name, library, short ? SHORT : FULL));
    return { startMs: median(requests.map(({ startMs }) => startMs)), requests };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function isLibrary(value: unknown): value is Library {
  return typeof value === "object" && value !== null && "path" in value && "assetId" in value;
}

/** The table of `bench/results.md`. */
export function cpuTable({ startMs, requests }: CpuResults): string {
  const lines = requests.map(
    ({ title, firstMs, laterMs }) => `| ${title} | ${firstMs.toFixed(1)} | ${laterMs.toFixed(2)} |`,
  );
  return [
    "| request | first of an isolate, CPU ms | later, CPU ms |",
    "|---|--:|--:|",
    ...lines,
    "",
    `Evaluating the bundle takes ${startMs.toFixed(0)} ms, before the first request.`,
  ].join("\n");
}

async function runStep(step: string, [name = "", libraryText = "", effortText = ""]: string[]): Promise<void> {
  if (step === "--library") {
    installWorkerGlobals();
    console.log(JSON.stringify(await createLibrary(await importBundle(), name)));
    return;
  }
  const library: Library = JSON.parse(libraryText);
  const effort: Effort = JSON.parse(effortText);
  if (!isScenario(name)) throw new Error(`unknown request: ${name}`);
  const result =
    step === "--first" ? await measureFirst(name, library) : { laterMs: await measureLater(name, library, effort) };
  console.log(JSON.stringify(result));
}

const STEPS = ["--library", "--first", "--later"];

if (process.argv[1] === scriptPath) {
  const [first = "", ...rest] = process.argv.slice(2);
  if (STEPS.includes(first)) await runStep(first, rest);
  else {
    const chosen = [first, ...rest].filter(isScenario);
    const names = chosen.length > 0 ? chosen : Object.keys(scenarios).filter(isScenario);
    console.log(cpuTable(await measureCpu(names, process.argv.includes("--short"))));
  }
}
