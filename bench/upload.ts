/**
 * `npm run bench:upload [-- MiB]`: streams one upload of random bytes through `npm run dev`. Prints the rate, the
 * resident memory of all workerd processes before and at its peak, and whether the checksums match.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";

const CHUNK_BYTES = 1024 * 1024;
const sizeMib = Number(process.argv[2] ?? 300);

function freePort(): Promise<number> {
  return new Promise((settle) => {
    const probe = createServer().listen(0, () => {
      const address = probe.address();
      probe.close(() => settle(typeof address === "object" && address !== null ? address.port : 8787));
    });
  });
}

/** Resident memory in MiB of the workerd processes started by `root`. Linux only, 0 elsewhere. */
function residentMib(root: number): number {
  try {
    const parents = new Map<number, number>();
    const rss = new Map<number, number>();
    for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
      const fields = readFileSync(`/proc/${name}/stat`, "utf8")
        .replace(/^.*\) /, "")
        .split(" ");
      parents.set(Number(name), Number(fields[1]));
      const isWorkerd = readFileSync(`/proc/${name}/cmdline`, "utf8").includes("workerd");
      if (isWorkerd) rss.set(Number(name), (Number(fields[21]) * 4096) / 1024 ** 2);
    }
    const isDescendant = (pid: number): boolean => pid === root || (pid > 1 && isDescendant(parents.get(pid) ?? 0));
    return [...rss].filter(([pid]) => isDescendant(pid)).reduce((sum, [, mib]) => sum + mib, 0);
  } catch {
    return 0;
  }
}

async function waitUntilReady(origin: string): Promise<void> {
  for (let i = 0; i < 120; i++) {
    const response = await fetch(`${origin}/api/server/ping`).catch(() => null);
    if (response?.ok === true) return;
    await new Promise((settle) => setTimeout(settle, 500));
  }
  throw new Error("the Worker did not start");
}

/** Generates a multipart body without holding the file in memory. */
async function* multipart(boundary: string, digests: { update(chunk: Buffer): unknown }[]): AsyncGenerator<Uint8Array> {
  const fields = {
    device_asset_id: "bench",
    device_id: "bench",
    file_created_at: "2024-01-01T00:00:00Z",
    file_modified_at: "2024-01-01T00:00:00Z",
  };
  for (const [name, value] of Object.entries(fields)) {
    yield Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`);
  }
  yield Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="asset_data"; filename="bench.mp4"\r\n\r\n`);
  for (let i = 0; i < sizeMib; i++) {
    const chunk = randomBytes(CHUNK_BYTES);
    for (const digest of digests) digest.update(chunk);
    yield chunk;
  }
  yield Buffer.from(`\r\n--${boundary}--\r\n`);
}

function post(url: string, key: string, body: Readable): Promise<{ status: number; text: string }> {
  const headers = { authorization: `Bearer ${key}`, "content-type": "multipart/form-data; boundary=bench" };
  return new Promise((settle, fail) => {
    const sent = request(url, { method: "POST", headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () => settle({ status: response.statusCode ?? 0, text }));
    });
    sent.on("error", fail);
    body.pipe(sent);
  });
}

async function measure(origin: string, root: number): Promise<void> {
  const key = /^ROOT_API_KEY=(.*)$/m.exec(readFileSync(".dev.vars", "utf8"))?.[1] ?? "";
  const [sha256, sha1] = [createHash("sha256"), createHash("sha1")];
  const before = residentMib(root);
  let peak = before;
  const sampler = setInterval(() => (peak = Math.max(peak, residentMib(root))), 100);
  const startedAt = performance.now();
  const { status, text } = await post(`${origin}/api/assets`, key, Readable.from(multipart("bench", [sha256, sha1])));
  const seconds = (performance.now() - startedAt) / 1000;
  clearInterval(sampler);
  const checksumsMatch = text.includes(sha256.digest("base64")) && text.includes(sha1.digest("base64"));
  console.log(`status ${status}, checksums ${checksumsMatch ? "match" : "DIFFER"}`);
  console.log(`${sizeMib} MiB in ${seconds.toFixed(1)} s: ${(sizeMib / seconds).toFixed(1)} MiB/s`);
  console.log(`workerd RSS: ${before.toFixed(0)} MiB before, ${peak.toFixed(0)} MiB at peak`);
  if (!checksumsMatch || status !== 201) process.exitCode = 1;
}

const state = mkdtempSync(join(tmpdir(), "tintype-bench-"));
const port = await freePort();
const server: ChildProcess = spawn(
  process.execPath,
  ["scripts/dev.ts", "--port", String(port), "--persist-to", state],
  { stdio: "ignore" },
);
try {
  await waitUntilReady(`http://localhost:${port}`);
  await measure(`http://localhost:${port}`, server.pid ?? 0);
} finally {
  server.kill("SIGTERM");
  await new Promise((settle) => server.once("exit", settle));
  rmSync(state, { recursive: true, force: true });
}
