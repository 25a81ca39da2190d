/** Tests a deployed instance through its public address: health, one sample up, back and deleted, and the search database. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";

export const SAMPLE_PATH = "samples/prairie_falcon.jpg";
/** A new workers.dev address or certificate takes up to a minute. */
const MAX_WAIT_MS = 90_000;
const RETRY_MS = 2_000;

const assetSchema = z.object({ id: z.string(), asset_urls: z.record(z.string(), z.object({ url: z.string() })) });

export interface SmokeTestOptions {
  /** Null tests only that the service answers: the key of an earlier deployment cannot be read back. */
  key: string | null;
  maxWaitMs?: number;
}

async function waitForService(address: string, maxWaitMs: number): Promise<void> {
  const deadline = Date.now() + maxWaitMs;
  let last = "";
  for (;;) {
    try {
      const response = await fetch(`${address}/api/server/ping`);
      await response.body?.cancel();
      if (response.ok) return;
      last = `it answers ${response.status}`;
    } catch (error) {
      last =
        error instanceof Error
          ? `${error.message} ${error.cause instanceof Error ? error.cause.message : ""}`
          : String(error);
    }
    if (Date.now() >= deadline)
      throw new Error(`${address} does not answer after ${Math.round(maxWaitMs / 1000)} s: ${last}`);
    await sleep(RETRY_MS);
  }
}

async function expectStatus(response: Response, statuses: number[], step: string): Promise<Response> {
  if (statuses.includes(response.status)) return response;
  throw new Error(`${step} failed: ${response.status} ${(await response.text()).slice(0, 300)}`);
}

function uploadForm(bytes: Uint8Array<ArrayBuffer>): FormData {
  const form = new FormData();
  const time = "2022-03-31T11:31:56Z";
  form.set("device_asset_id", "deploy-smoke-test");
  form.set("device_id", "npm-run-deploy");
  form.set("file_created_at", time);
  form.set("file_modified_at", time);
  form.set("asset_data", new Blob([bytes], { type: "image/jpeg" }), "prairie_falcon.jpg");
  return form;
}

/** The sample is deleted even if it cannot be read back. A copy that the library already has is kept. */
async function testRoundTrip(address: string, key: string): Promise<void> {
  const headers = { Authorization: `Bearer ${key}` };
  const bytes = new Uint8Array(readFileSync(SAMPLE_PATH));
  const upload = await fetch(`${address}/api/assets`, { method: "POST", headers, body: uploadForm(bytes) });
  await expectStatus(upload, [200, 201], "Uploading a sample");
  const { id } = z.object({ id: z.string() }).parse(await upload.json());
  try {
    const read = await expectStatus(
      await fetch(`${address}/api/assets/${id}?include=variants`, { headers }),
      [200],
      "Reading the asset",
    );
    const url = assetSchema.parse(await read.json()).asset_urls["original"]?.url;
    if (url === undefined) throw new Error("The asset has no URL of its original.");
    const file = await expectStatus(await fetch(url), [200], "Reading the original by its URL");
    const sha256 = (data: Uint8Array) => createHash("sha256").update(data).digest("hex");
    if (sha256(new Uint8Array(await file.arrayBuffer())) !== sha256(bytes))
      throw new Error("The original came back changed.");
    const index = await fetch(`${address}/api/search-index`, { headers });
    await (await expectStatus(index, [200], "Reading the state of the text index")).body?.cancel();
  } finally {
    if (upload.status === 201) {
      const remove = await fetch(`${address}/api/assets/${id}`, { method: "DELETE", headers });
      await expectStatus(remove, [200, 204], "Deleting the sample");
    }
  }
}

/** Throws with the step that failed. */
export async function smokeTest(address: string, { key, maxWaitMs = MAX_WAIT_MS }: SmokeTestOptions): Promise<void> {
  await waitForService(address, maxWaitMs);
  if (key !== null) await testRoundTrip(address, key);
}
