/**
 * `npm run bench:films`: reads of R2, bytes, CPU time and WebAssembly memory of finding the poster of a film in workerd,
 * per codec at 1080p and 4K. ffmpeg encodes the films once, into `.tmp/bench/films/`; without it, the small films of
 * `test/fixtures/films/` are measured, and nothing is recorded.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median } from "./cpu/clock.ts";
import { treeCpuMs } from "./load/processTree.ts";
import { startBundledWorker, type Server } from "./load/servers.ts";
import { recordTables } from "./report/recordTables.ts";

const SAMPLE = "samples/el_torcal_rocks.jpg";
const CACHE = ".tmp/bench/films";
const ROUNDS = 5;
/** CPU time is counted in steps of 10 ms. */
const RUNS_PER_ROUND = 4;

/** Ten key frames, with a predicted frame behind each. */
const GROUP = ["-frames:v", "20", "-g", "2", "-keyint_min", "2"];
const REALTIME = ["-deadline", "realtime", "-cpu-used", "8", "-lag-in-frames", "0", "-threads", "2", "-b:v", "0"];
const X26X = "keyint=2:min-keyint=2:scenecut=0";

interface Encoding {
  name: string;
  extension: string;
  options: string[];
}

const tenBits = ["-pix_fmt", "yuv420p10le"];
const hevc = [
  "-c:v",
  "libx265",
  "-preset",
  "ultrafast",
  "-tag:v",
  "hvc1",
  "-x265-params",
  `${X26X}:crf=24:log-level=none`,
];
const av1 = ["-c:v", "libaom-av1", "-usage", "realtime", ...REALTIME.slice(2), "-crf", "45", "-frames:v", "4"];

const encodings: Encoding[] = [
  {
    name: "H.264, MP4",
    extension: "mp4",
    options: ["-c:v", "libx264", "-preset", "fast", "-x264-params", `${X26X}:crf=22`],
  },
  {
    name: "H.264, transport stream",
    extension: "m2ts",
    options: [
      "-c:v",
      "libx264",
      "-preset",
      "fast",
      "-x264-params",
      `${X26X}:crf=22`,
      "-mpegts_m2ts_mode",
      "1",
      "-f",
      "mpegts",
    ],
  },
  { name: "HEVC, MP4", extension: "mp4", options: hevc },
  { name: "HEVC with 10 bits, MP4", extension: "mp4", options: [...hevc, ...tenBits] },
  { name: "AV1, MP4", extension: "mp4", options: av1 },
  { name: "AV1 with 10 bits, MP4", extension: "mp4", options: [...av1, ...tenBits] },
  { name: "VP9, WebM", extension: "webm", options: ["-c:v", "libvpx-vp9", ...REALTIME, "-crf", "30"] },
  {
    name: "VP8, WebM",
    extension: "webm",
    options: ["-c:v", "libvpx", ...REALTIME.slice(0, -2), "-crf", "10", "-b:v", "60M"],
  },
  { name: "Motion JPEG, AVI", extension: "avi", options: ["-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-q:v", "4"] },
  { name: "ProRes 422 proxy, MOV", extension: "mov", options: ["-c:v", "prores_ks", "-profile:v", "proxy"] },
  {
    name: "MPEG-2, transport stream",
    extension: "mpegts",
    options: ["-c:v", "mpeg2video", "-q:v", "4", "-f", "mpegts"],
  },
  { name: "MPEG-4, AVI", extension: "avi", options: ["-c:v", "mpeg4", "-q:v", "4"] },
];

const sizes: [name: string, size: string][] = [
  ["1080p", "1920:1080"],
  ["4K", "3840:2160"],
];

const committed = [
  ["H.264", "h264-mp4-last.mp4"],
  ["HEVC", "hevc-mp4-first.mp4"],
  ["AV1", "av1-webm.webm"],
  ["VP9", "vp9-mkv.mkv"],
  ["VP8", "vp8-webm.webm"],
  ["Motion JPEG", "mjpeg-avi.avi"],
  ["MPEG-2", "mpeg2-mpg.mpg"],
] as const;

interface Film {
  name: string;
  path: string;
}

function hasEncoder(): boolean {
  try {
    execFileSync("ffmpeg", ["-version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Encodes a film with ffmpeg, unless it is in the cache. */
function encodedFilm({ name, extension, options }: Encoding, sizeName: string, size: string): Film {
  const path = join(CACHE, `${name.replaceAll(/[ ,.]+/g, "-")}-${sizeName}.${extension}`);
  if (!existsSync(path)) {
    const filter = `scale=${size},noise=alls=10:all_seed=1,format=${options.includes("yuv420p10le") ? "yuv420p10le" : "yuv420p"}`;
    const input = ["-loop", "1", "-framerate", "25", "-i", SAMPLE, "-vf", filter];
    execFileSync("ffmpeg", ["-v", "error", "-y", ...input, ...GROUP, ...options, path], { stdio: "inherit" });
  }
  return { name: `${name}, ${sizeName}`, path };
}

function listFilms(): Film[] {
  if (!hasEncoder()) return committed.map(([name, file]) => ({ name, path: join("test/fixtures/films", file) }));
  mkdirSync(CACHE, { recursive: true });
  return encodings.flatMap((encoding) => sizes.map(([name, size]) => encodedFilm(encoding, name, size)));
}

interface Answer {
  reads: number;
  bytes: number;
  heapBytes: number;
  image: string;
}

/** Returns the reason if there is no poster. */
async function findPoster({ origin }: Server, rounds: number): Promise<Answer | string> {
  const response = await fetch(`${origin}/?rounds=${rounds}`);
  return response.ok ? await response.json<Answer>() : await response.text();
}

async function measure(server: Server, { path }: Film): Promise<string> {
  const film = new Uint8Array(readFileSync(path));
  await fetch(server.origin, { method: "PUT", body: film });
  const answer = await findPoster(server, RUNS_PER_ROUND);
  const megabytes = (bytes: number, digits = 1) => (bytes / 2 ** 20).toFixed(digits);
  if (typeof answer === "string") return `${megabytes(film.length)} | ${answer} | | | |`;
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = treeCpuMs(server.pid);
    const again = await findPoster(server, RUNS_PER_ROUND);
    if (typeof again === "string") throw new Error(again);
    times.push((treeCpuMs(server.pid) - before) / RUNS_PER_ROUND);
  }
  const { reads, bytes, heapBytes } = answer;
  const cells = [megabytes(film.length), reads, megabytes(bytes, 2), median(times).toFixed(0), megabytes(heapBytes)];
  return cells.join(" | ");
}

const films = listFilms();
const folder = mkdtempSync(join(tmpdir(), "tintype-films-"));
const server = await startBundledWorker("bench/films/wrangler.toml", folder);
const lines = ["| film | MB | reads | MB read | CPU ms | WebAssembly MB |", "| --- | --: | --: | --: | --: | --: |"];
try {
  for (const film of films) lines.push(`| ${film.name} | ${await measure(server, film)} |`);
} finally {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
}
console.log(lines.join("\n"));
if (hasEncoder()) recordTables("films", [{ title: "Posters of films", lines }]);
