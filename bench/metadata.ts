/**
 * `npm run bench:metadata [-- folder]`: the cost of reading a file's metadata in Node, which has the engine of Workers:
 * CPU time of the first read in a new process and the median of later reads, number of reads and bytes. Measures the
 * sample files or those of a folder.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readMediaInfo } from "../src/media/inspect/mediaInfo.ts";
import { type MediaFormat, formatForFileName } from "../src/media/inspect/formats.ts";
import { countingSource } from "../test/support/media/countingSource.ts";
import { recordTables } from "./report/recordTables.ts";

const scriptPath = fileURLToPath(import.meta.url);
const sampleFolders = ["samples", "test/fixtures/media"];
const WARM_UP_READS = 20;
const ROUNDS = 60;
/** Several reads per round compensate for the coarse resolution of the CPU clock. */
const READS_PER_ROUND = 5;

interface Measured {
  format: MediaFormat;
  firstMs: number;
  medianMs: number;
  reads: number;
  bytes: number;
}

async function cpuMs(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

async function measure(path: string, format: MediaFormat): Promise<Measured> {
  const bytes = new Uint8Array(readFileSync(path));
  const read = () => readMediaInfo(countingSource(bytes), format);
  for (let i = 0; i < WARM_UP_READS; i++) await read();
  const times: number[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const elapsedMs = await cpuMs(async () => {
      for (let k = 0; k < READS_PER_ROUND; k++) await read();
    });
    times.push(elapsedMs / READS_PER_ROUND);
  }
  const source = countingSource(bytes);
  await readMediaInfo(source, format);
  const firstMs = Number(execFileSync(process.execPath, [scriptPath, "--first", path], { encoding: "utf8" }));
  return { format, firstMs, medianMs: median(times), reads: source.counts.reads, bytes: source.counts.bytes };
}

/** Runs in a separate process, so that nothing is compiled yet. */
async function printFirst(path: string): Promise<void> {
  const format = formatForFileName(path);
  if (format === null) throw new Error(`unsupported file extension: ${path}`);
  const bytes = new Uint8Array(readFileSync(path));
  console.log(await cpuMs(() => readMediaInfo(countingSource(bytes), format)));
}

function row(name: string, group: Measured[]): string {
  const max = (value: (file: Measured) => number) => Math.max(...group.map(value));
  const cells = [
    group.length,
    median(group.map(({ firstMs }) => firstMs)).toFixed(1),
    max(({ firstMs }) => firstMs).toFixed(1),
    median(group.map(({ medianMs }) => medianMs)).toFixed(2),
    max(({ medianMs }) => medianMs).toFixed(2),
    max(({ reads }) => reads),
    `${Math.ceil(max(({ bytes }) => bytes) / 1024)} KiB`,
  ];
  return `| ${name} | ${cells.join(" | ")} |`;
}

async function measureFolders(folders: string[]): Promise<string[]> {
  const measured: Measured[] = [];
  const paths = folders.flatMap((folder) =>
    readdirSync(folder)
      .toSorted()
      .map((name) => join(folder, name)),
  );
  for (const path of paths) {
    const format = formatForFileName(path);
    if (format !== null) measured.push(await measure(path, format));
  }
  const families = [...new Set(measured.map(({ format }) => format.family))];
  return [
    "| format | files | first read, CPU ms: median | worst | later reads, CPU ms: median | worst | most reads | most bytes |",
    "|---|--:|--:|--:|--:|--:|--:|--:|",
    ...families.map((family) =>
      row(
        family,
        measured.filter(({ format }) => format.family === family),
      ),
    ),
    row("all", measured),
  ];
}

const [first, path] = process.argv.slice(2);
if (first === "--first" && path !== undefined) await printFirst(path);
else {
  const lines = await measureFolders(first === undefined ? sampleFolders : [first]);
  console.log(lines.join("\n"));
  if (first === undefined) recordTables("metadata", [{ title: "Reading metadata", lines }]);
}
