/**
 * `npm run bench:metadata [-- folder]`: what it takes to read the metadata of a file. The processor time of the first
 * file that a process reads, with nothing compiled yet, and the median of many reads after it; the reads and bytes
 * that are fetched. In Node, whose engine is the Workers' own; of the sample files, or of those in a folder.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readFacts } from "../src/media/inspect/mediaInfo.ts";
import { type MediaFormat, formatOfFileName } from "../src/media/inspect/formats.ts";
import { countingSource } from "../test/support/media/countingSource.ts";

const own = fileURLToPath(import.meta.url);
const samples = join(own, "../../test/fixtures/media");
const warmUps = 20;
const rounds = 60;
/** A clock of processor time that ticks coarsely needs several reads at once. */
const readsPerRound = 5;

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
  const read = () => readFacts(countingSource(bytes), format);
  for (let i = 0; i < warmUps; i++) await read();
  const times: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const spent = await cpuMs(async () => {
      for (let k = 0; k < readsPerRound; k++) await read();
    });
    times.push(spent / readsPerRound);
  }
  const source = countingSource(bytes);
  await readFacts(source, format);
  const firstMs = Number(execFileSync(process.execPath, [own, "--first", path], { encoding: "utf8" }));
  return { format, firstMs, medianMs: median(times), reads: source.counts.reads, bytes: source.counts.bytes };
}

/** In a process of its own. */
async function printFirst(path: string): Promise<void> {
  const format = formatOfFileName(path);
  if (format === null) throw new Error(`${path} is of no format that is taken`);
  const bytes = new Uint8Array(readFileSync(path));
  console.log(await cpuMs(() => readFacts(countingSource(bytes), format)));
}

function row(name: string, group: Measured[]): string {
  const most = (value: (one: Measured) => number) => Math.max(...group.map(value));
  const cells = [
    group.length,
    median(group.map(({ firstMs }) => firstMs)).toFixed(1),
    most(({ firstMs }) => firstMs).toFixed(1),
    median(group.map(({ medianMs }) => medianMs)).toFixed(2),
    most(({ medianMs }) => medianMs).toFixed(2),
    most(({ reads }) => reads),
    `${Math.ceil(most(({ bytes }) => bytes) / 1024)} KiB`,
  ];
  return `| ${name} | ${cells.join(" | ")} |`;
}

async function measureFolder(folder: string): Promise<void> {
  const measured: Measured[] = [];
  for (const name of readdirSync(folder).toSorted()) {
    const format = formatOfFileName(name);
    if (format !== null) measured.push(await measure(join(folder, name), format));
  }
  console.log(
    "| format | files | first read, CPU ms: median | worst | later reads, CPU ms: median | worst | most reads | most bytes |",
  );
  console.log("|---|--:|--:|--:|--:|--:|--:|--:|");
  for (const family of new Set(measured.map(({ format }) => format.family))) {
    console.log(
      row(
        family,
        measured.filter(({ format }) => format.family === family),
      ),
    );
  }
  console.log(row("all", measured));
}

const [first, path] = process.argv.slice(2);
if (first === "--first" && path !== undefined) await printFirst(path);
else await measureFolder(first ?? samples);
