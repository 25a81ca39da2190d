/**
 * `npm run bench:upload [-- MiB]`: streams uploads of random bytes through a local Worker. Prints the rate, the resident
 * memory of all workerd processes before and at its peak, and fails when the checksums differ from the sender's.
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { workerdBytes } from "./load/processTree.ts";
import { removeState, startTintype, type TintypeServer } from "./load/servers.ts";
import { type CellValue, markdownTable } from "./report/markdown.ts";
import { recordTables } from "./report/recordTables.ts";

const CHUNK_BYTES = 1024 * 1024;
const SAMPLE_MS = 100;
const SIZES_MIB = [30, 300];

/** Generates a multipart body without holding the file in memory. */
async function* multipart(
  boundary: string,
  sizeMib: number,
  digests: { update(chunk: Buffer): unknown }[],
): AsyncGenerator<Uint8Array> {
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

const mib = (bytes: number): string => `${(bytes / 1024 ** 2).toFixed(0)} MiB`;

async function measure(server: TintypeServer, sizeMib: number): Promise<CellValue[]> {
  const [sha256, sha1] = [createHash("sha256"), createHash("sha1")];
  const before = workerdBytes(server.pid);
  let peak = before;
  const sampler = setInterval(() => (peak = Math.max(peak, workerdBytes(server.pid))), SAMPLE_MS);
  const startedAt = performance.now();
  const body = Readable.from(multipart("bench", sizeMib, [sha256, sha1]));
  const { status, text } = await post(`${server.origin}/api/assets`, server.key, body);
  const seconds = (performance.now() - startedAt) / 1000;
  clearInterval(sampler);
  const checksumsMatch = text.includes(sha256.digest("base64")) && text.includes(sha1.digest("base64"));
  if (!checksumsMatch || status !== 201) throw new Error(`status ${status}, other checksums than sent: ${text}`);
  return [
    `${sizeMib} MiB`,
    `${seconds.toFixed(1)} s`,
    `${(sizeMib / seconds).toFixed(1)} MiB/s`,
    mib(before),
    mib(peak),
  ];
}

const chosen = process.argv[2];
const directory = mkdtempSync(join(tmpdir(), "tintype-bench-"));
const server = await startTintype(directory, { pauseTasks: true, vars: {} });
try {
  const rows: CellValue[][] = [];
  for (const sizeMib of chosen === undefined ? SIZES_MIB : [Number(chosen)]) rows.push(await measure(server, sizeMib));
  const lines = markdownTable(["file", "time", "rate", "workerd RSS before", "RSS at peak"], rows).split("\n");
  console.log(lines.join("\n"));
  if (chosen === undefined) recordTables("upload", [{ title: "One large upload", lines }]);
} finally {
  await server.close();
  removeState(directory);
}
