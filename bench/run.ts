/**
 * `npm run bench`: creates its inputs, measures Tintype beside the platform's floor and a naive baseline in interleaved
 * rounds, counts operations, and writes bench/figures/, bench/results.md, its plot and the figures of other pages. Takes
 * about nine minutes on two cores.
 *
 * `-- --quick` measures one short round each and writes to .tmp/bench/ only. `-- --only counts` (or `cpu`, `rounds`,
 * `imports`, `growth`) measures one part and keeps the other committed figures.
 */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { type CpuResults, measureCpu } from "./cpu.ts";
import { type ScenarioName, scenarios } from "./cpu/scenarios.ts";
import { baselineImporter, importPhotos, tintypeImporter } from "./load/importPhotos.ts";
import { loadPhoto } from "./load/photos.ts";
import { measureRounds, warmUp } from "./load/rounds.ts";
import { removeState, startBaseline, startTintype } from "./load/servers.ts";
import { closeSystems, openSystems } from "./load/systems.ts";
import { readEnvironment } from "./report/environment.ts";
import { parseFigures, readFigures, type Results, writeFigures } from "./report/figures.ts";
import { readAllFigures, renderPages, writePages } from "./report/pages.ts";
import type { AllFigures } from "./report/resultsPage.ts";
import { runWorkerBench } from "./report/workerBench.ts";

const PARTS = ["counts", "cpu", "rounds", "imports", "growth"] as const;
type Part = (typeof PARTS)[number];

const FULL = { rounds: 4, inFlight: [1, 8, 16], readMs: 1000, uploadsPerClient: 2, photos: 100, importRounds: 2 };
const QUICK = { rounds: 1, inFlight: [1, 8, 16], readMs: 300, uploadsPerClient: 1, photos: 10, importRounds: 1 };

const OUTPUT_OF_QUICK_RUN = join(".tmp", "bench");

function readOptions(): { quick: boolean; parts: Part[] } {
  const { values } = parseArgs({
    options: { quick: { type: "boolean", default: false }, only: { type: "string", multiple: true } },
  });
  const parts = PARTS.filter((part) => values.only === undefined || values.only.includes(part));
  if (parts.length === 0) throw new Error(`--only takes ${PARTS.join(", ")}`);
  return { quick: values.quick, parts };
}

async function timed<T>(title: string, work: () => Promise<T>): Promise<T> {
  process.stdout.write(`${title} ...`);
  const startMs = performance.now();
  const result = await work();
  console.log(` ${((performance.now() - startMs) / 1000).toFixed(0)} s`);
  return result;
}

async function inTemporaryDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), "tintype-bench-"));
  try {
    return await work(directory);
  } finally {
    removeState(directory);
  }
}

function measureSpeed(photo: Buffer, effort: typeof FULL): Promise<Pick<Results, "sizes" | "cells">> {
  return inTemporaryDirectory(async (directory) => {
    const systems = await openSystems(directory, photo);
    try {
      return { sizes: await warmUp(systems), cells: await measureRounds(systems, effort) };
    } finally {
      await closeSystems(systems);
    }
  });
}

/** One system after the other in each round, all of them started before the first. */
function measureImports(photo: Buffer, { photos, importRounds }: typeof FULL): Promise<Results["imports"]> {
  return inTemporaryDirectory(async (directory) => {
    const start = (renderer: string) =>
      startTintype(join(directory, renderer), { pauseTasks: false, vars: { RENDERER: renderer } });
    const baseline = await startBaseline(join(directory, "baseline"), 0);
    const images = await start("images");
    const worker = await start("worker");
    const importers = {
      baseline: baselineImporter(baseline),
      "RENDERER=images": tintypeImporter(images),
      "RENDERER=worker": tintypeImporter(worker),
    };
    const imports = Object.keys(importers).map((name) => ({ name, rounds: [] })) as unknown as Results["imports"];
    try {
      // Compiles what a first photo needs.
      for (const importer of Object.values(importers)) await importPhotos(importer, photo, 2);
      for (let round = 0; round < importRounds; round += 1) {
        for (const entry of imports) entry.rounds.push(await importPhotos(importers[entry.name], photo, photos));
      }
      return imports;
    } finally {
      await Promise.all([baseline, images, worker].map((server) => server.close()));
    }
  });
}

function cpuFigures({ startMs, requests }: CpuResults): Results["cpu"] {
  return {
    startMs,
    requests: requests.map(({ name, title, firstMs, laterMs }) => ({ name, title, firstMs, laterMs })),
  };
}

/** Earlier figures of parts that this run leaves out; empty ones where there are none. */
function committed<T>(read: () => T, empty: T): T {
  try {
    return read();
  } catch {
    return empty;
  }
}

function writeAllFigures({ results, counts, growth }: AllFigures): void {
  writeFigures("results", results);
  writeFigures("counts", counts);
  writeFigures("growth", growth);
}

async function measure(parts: Part[], quick: boolean): Promise<AllFigures> {
  const effort = quick ? QUICK : FULL;
  const environment = readEnvironment();
  const photo = await timed("creating a photo of 4 MB", loadPhoto);
  const none: Results = { environment, sizes: [], cells: [], imports: [], cpu: { startMs: 0, requests: [] } };
  const earlier = committed(() => readFigures("results"), none);
  const isWhole = parts.length === PARTS.length || earlier === none;
  // A part of a run keeps the commit of the others.
  const commit = `${earlier.environment.commit}, ${parts.join(" and ")} ${environment.commit}`;
  const results: Results = { ...earlier, environment: isWhole ? environment : { ...environment, commit } };
  const figures: AllFigures = {
    results,
    counts: committed(() => readFigures("counts"), { steps: [], databaseBytesPerPhoto: 0, derivedBytesPerPhoto: 0 }),
    growth: committed(() => readFigures("growth"), { rows: [] }),
  };
  const names = Object.keys(scenarios) as ScenarioName[];
  const measures: Record<Part, () => Promise<void>> = {
    rounds: async () => void Object.assign(results, await measureSpeed(photo, effort)),
    imports: async () => void (results.imports = await measureImports(photo, effort)),
    cpu: async () => void (results.cpu = cpuFigures(await measureCpu(names, quick))),
    counts: async () => void (figures.counts = parseFigures("counts", await runWorkerBench("counts"))),
    growth: async () => void (figures.growth = parseFigures("growth", await runWorkerBench("growth"))),
  };
  for (const part of parts) {
    await timed(part, measures[part]);
    // A part that fails later leaves the others recorded.
    if (!quick) writeAllFigures(figures);
  }
  return figures;
}

const { quick, parts } = readOptions();
const figures = await measure(parts, quick);
if (quick) {
  mkdirSync(OUTPUT_OF_QUICK_RUN, { recursive: true });
  for (const [path, text] of renderPages(figures)) writeFileSync(join(OUTPUT_OF_QUICK_RUN, basename(path)), text);
  console.log(`A quick run for development: see ${OUTPUT_OF_QUICK_RUN}/results.md`);
} else {
  // Read again, because the files hold rounded numbers and bench:check renders the pages from them.
  writePages(readAllFigures());
  console.log("Wrote bench/figures/, bench/results.md and bench/results.svg");
}
