/**
 * `npm run bench:stills`: CPU time and memory of converting stills to a display proxy and a preview in workerd. The
 * stills are made from a sample, enlarged and with grain; avifenc, cjxl, heif-enc and ffmpeg must be installed.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median } from "./cpu/clock.ts";
import { treeCpuMs } from "./load/processTree.ts";
import { startWorker, type Server } from "./load/servers.ts";

const SAMPLE = "samples/el_torcal_rocks.jpg";
const ROUNDS = 5;
/** CPU time is counted in steps of 10 ms. */
const RUNS_PER_ROUND = 3;

type Format = "avif" | "jxl" | "heic";

const AVIF = ["-s", "9", "--min", "20", "--max", "28"];
const stills: [name: string, format: Format, size: string, options: string[]][] = [
  ["AVIF, 12 megapixels, 8 bits, 4:2:0", "avif", "4000x3000", [...AVIF, "-y", "420"]],
  ["AVIF, 12 megapixels, 8 bits, 4:4:4", "avif", "4000x3000", [...AVIF, "-y", "444"]],
  ["AVIF, 12 megapixels, 10 bits, 4:2:0", "avif", "4000x3000", [...AVIF, "-y", "420", "-d", "10"]],
  ["AVIF, 12 megapixels, 10 bits, PQ", "avif", "4000x3000", [...AVIF, "-y", "420", "-d", "10", "--cicp", "9/16/9"]],
  ["AVIF, 24 megapixels, 8 bits, 4:2:0", "avif", "6000x4000", [...AVIF, "-y", "420"]],
  ["JPEG XL, 12 megapixels, distance 1", "jxl", "4000x3000", ["-d", "1", "-e", "4"]],
  ["JPEG XL, 12 megapixels, progressive", "jxl", "4000x3000", ["-d", "1", "-e", "4", "-p", "--progressive_dc=1"]],
  ["JPEG XL, 12 megapixels, lossless", "jxl", "4000x3000", ["-d", "0", "-e", "3"]],
  ["JPEG XL, 20 megapixels, distance 1", "jxl", "5472x3648", ["-d", "1", "-e", "4"]],
  ["HEIC of one tile, 12 megapixels", "heic", "4000x3000", ["-q", "60"]],
  ["HEIC of one tile, 16 megapixels", "heic", "4608x3456", ["-q", "60"]],
];

const folder = mkdtempSync(join(tmpdir(), "tintype-stills-"));

function run(command: string, ...args: string[]): void {
  execFileSync(command, args, { stdio: "ignore" });
}

function encode(format: Format, size: string, options: string[]): Uint8Array<ArrayBuffer> {
  const [png, file] = [join(folder, `${size}.png`), join(folder, `still.${format}`)];
  const filter = `scale=${size.replace("x", ":")},noise=alls=10:all_seed=1`;
  run("ffmpeg", "-y", "-i", SAMPLE, "-vf", filter, "-frames:v", "1", png);
  if (format === "avif") run("avifenc", ...options, png, file);
  else if (format === "jxl") run("cjxl", png, file, ...options);
  else run("heif-enc", ...options, png, "-o", file);
  return new Uint8Array(readFileSync(file));
}

async function convert({ origin }: Server, format: Format, body: Uint8Array<ArrayBuffer>, rounds: number) {
  const response = await fetch(`${origin}/?rounds=${rounds}&format=${format}`, { method: "POST", body });
  if (!response.ok) throw new Error(await response.text());
  return await response.json<{ heapBytes?: number; peakBytes?: number; reason?: string }>();
}

/** CPU time of one conversion, without that of the request; or why there is none. */
async function measure(server: Server, format: Format, body: Uint8Array<ArrayBuffer>): Promise<string> {
  const { heapBytes = 0, peakBytes = 0, reason } = await convert(server, format, body, RUNS_PER_ROUND);
  if (reason !== undefined) return `${reason} | |`;
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = treeCpuMs(server.pid);
    await convert(server, format, body, 0);
    const between = treeCpuMs(server.pid);
    await convert(server, format, body, RUNS_PER_ROUND);
    times.push((treeCpuMs(server.pid) - between - (between - before)) / RUNS_PER_ROUND);
  }
  const megabytes = (bytes: number) => (bytes / 2 ** 20).toFixed(1);
  return `${median(times).toFixed(0)} | ${megabytes(heapBytes)} | ${megabytes(peakBytes)}`;
}

const server = await startWorker("bench/stills/wrangler.toml", folder);
try {
  console.log("| still | bytes | CPU ms | decoder MB | with file and JPEG, MB |");
  console.log("| --- | ---: | ---: | ---: | ---: |");
  for (const [name, format, size, options] of stills) {
    const body = encode(format, size, options);
    console.log(`| ${name} | ${body.length} | ${await measure(server, format, body)} |`);
  }
} finally {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
}
