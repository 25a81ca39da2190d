/**
 * `npm run bench:key-frames`: CPU time and memory of decoding key frames of videos in workerd. ffmpeg encodes the frames
 * from a sample, enlarged and with grain; it must be installed.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VARIANT_EDGES_PX } from "../src/operations/delivery/variants.ts";
import { median } from "./cpu/clock.ts";
import { treeCpuMs } from "./load/processTree.ts";
import { startWorker, type Server } from "./load/servers.ts";

const SAMPLE = "samples/el_torcal_rocks.jpg";
const ROUNDS = 7;
/** CPU time is counted in steps of 10 ms. */
const RUNS_PER_ROUND = 10;
const MAX_BUFFER_BYTES = 64 * 1024 * 1024;

const encodings: [string, string, string][] = [
  ["1080p, CABAC, crf 20", "1920:1080", "crf=20"],
  ["1080p, CAVLC, crf 20", "1920:1080", "crf=20:cabac=0"],
  ["1080p, CABAC, crf 4", "1920:1080", "crf=4"],
  ["4K, CABAC, crf 20", "3840:2160", "crf=20"],
  ["4K, CAVLC, crf 20", "3840:2160", "crf=20:cabac=0"],
  ["4K, CABAC, crf 4", "3840:2160", "crf=4"],
];

function encode(size: string, params: string): Uint8Array<ArrayBuffer> {
  const filter = `scale=${size},noise=alls=10:all_seed=1,format=yuv420p`;
  const coding = ["-c:v", "libx264", "-profile:v", "high", "-x264-params", params, "-f", "h264", "-"];
  const args = ["-v", "error", "-i", SAMPLE, "-vf", filter, "-frames:v", "1", ...coding];
  return new Uint8Array(execFileSync("ffmpeg", args, { maxBuffer: MAX_BUFFER_BYTES }));
}

interface Figures {
  cpuMs: number;
  peakBytes: number;
}

async function decode({ origin }: Server, body: Uint8Array<ArrayBuffer>, rounds: number, edgePx: number) {
  const response = await fetch(`${origin}/?rounds=${rounds}&edge=${edgePx}`, { method: "POST", body });
  if (!response.ok) throw new Error(await response.text());
  const answer: unknown = await response.json();
  return typeof answer === "object" && answer !== null && "peakBytes" in answer ? Number(answer.peakBytes) : 0;
}

/** CPU time of one decoding, without that of the request. */
async function measure(server: Server, body: Uint8Array<ArrayBuffer>, edgePx: number): Promise<Figures> {
  let peakBytes = await decode(server, body, RUNS_PER_ROUND, edgePx);
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = treeCpuMs(server.pid);
    await decode(server, body, 0, edgePx);
    const between = treeCpuMs(server.pid);
    peakBytes = await decode(server, body, RUNS_PER_ROUND, edgePx);
    times.push((treeCpuMs(server.pid) - between - (between - before)) / RUNS_PER_ROUND);
  }
  return { cpuMs: median(times), peakBytes };
}

const folder = mkdtempSync(join(tmpdir(), "tintype-key-frames-"));
const server = await startWorker("bench/keyFrames/wrangler.toml", folder);
try {
  console.log("| H.264 key frame | bytes | decoder, CPU ms | with preview, CPU ms | decoder MB |");
  console.log("| --- | ---: | ---: | ---: | ---: |");
  for (const [name, size, params] of encodings) {
    const body = encode(size, params);
    const { cpuMs, peakBytes } = await measure(server, body, 0);
    const whole = await measure(server, body, VARIANT_EDGES_PX.preview);
    const megabytes = (peakBytes / 2 ** 20).toFixed(1);
    console.log(`| ${name} | ${body.length} | ${cpuMs.toFixed(0)} | ${whole.cpuMs.toFixed(0)} | ${megabytes} |`);
  }
} finally {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
}
