/** `npm run deploy` sets secrets with the real wrangler, against an imitation of Cloudflare's API. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { accountApi } from "../../../scripts/deploy/api.ts";
import type { Prompt } from "../../../scripts/deploy/prompt.ts";
import { ensureSecrets } from "../../../scripts/deploy/secrets.ts";
import { newAccount, type Account } from "../../support/servers/cloudflareApi/account.ts";
import { startCloudflareApi, type CloudflareApi } from "../../support/servers/cloudflareApi/server.ts";

const TOKEN = "a token of the test";
const WORKER = "tintype";

const noPrompt: Prompt = {
  isInteractive: false,
  ask: () => Promise.reject(new Error("no prompt")),
  askSecret: () => Promise.reject(new Error("no prompt")),
};

let account: Account;
let api: CloudflareApi;
let directory: string;

beforeEach(async () => {
  account = newAccount();
  api = await startCloudflareApi(account);
  directory = mkdtempSync(join(tmpdir(), "deploy-secrets-"));
  writeFileSync(join(directory, "wrangler.json"), JSON.stringify({ name: WORKER, compatibility_date: "2026-10-01" }));
  vi.stubEnv("CLOUDFLARE_API_BASE_URL", api.baseUrl);
  vi.stubEnv("CLOUDFLARE_API_TOKEN", TOKEN);
  vi.stubEnv("CLOUDFLARE_ACCOUNT_ID", account.id);
  vi.spyOn(console, "log").mockImplementation(() => undefined);
});
afterEach(async () => {
  await api.close();
  rmSync(directory, { recursive: true });
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const ensure = (): Promise<string | null> =>
  ensureSecrets(noPrompt, accountApi(TOKEN, account.id), {
    worker: WORKER,
    config: join(directory, "wrangler.json"),
  });

const writes = (): string[] => account.requests.filter((request) => !request.startsWith("GET "));

describe("the deployment's secrets", () => {
  it("are generated for a Worker that does not exist yet (10007), and the owner's key is returned", async () => {
    expect(await ensure()).toMatch(/^apikey_[\w-]{43}$/);
    expect(account.secrets.get(WORKER)).toEqual(new Set(["ROOT_API_KEY", "MEDIA_SIGNING_KEY"]));
  });

  it("stay untouched when both are set", async () => {
    await ensure();
    account.requests.length = 0;
    expect(await ensure()).toBeNull();
    expect(writes()).toEqual([]);
  });

  for (const error of [
    { status: 503, code: 10_013, message: "workers.api.error.unknown" },
    { status: 404, code: 7003, message: "Could not route to /secrets, the object identifier was not found" },
    { status: 403, code: 9109, message: "The account does not exist or is not authorized" },
  ]) {
    it(`stay untouched when listing them fails with ${error.status} and code ${error.code}`, async () => {
      account.faults.push({ method: "GET", path: /\/secrets$/, times: 1, ...error });
      await expect(ensure()).rejects.toThrow(error.message);
      expect(writes()).toEqual([]);
    });
  }
});
