/** `npm run deploy` sets secrets with the real wrangler, against a server in place of Cloudflare's API. */
import { createServer, type Server } from "node:http";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Prompt } from "../../scripts/deploy/prompt.ts";
import { ensureSecrets } from "../../scripts/deploy/secrets.ts";

interface ApiError {
  status: number;
  code: number;
  message: string;
}

const noPrompt: Prompt = {
  isInteractive: false,
  ask: () => Promise.reject(new Error("no prompt")),
  askSecret: () => Promise.reject(new Error("no prompt")),
};

let server: Server;
afterEach(() => {
  server.close();
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/** Answers requests for the list of secrets with `error`, or with all secrets for null; records other requests. */
async function startApi(error: ApiError | null): Promise<string[]> {
  const writes: string[] = [];
  server = createServer((request, response) => {
    if (request.method !== "GET") writes.push(`${request.method} ${request.url}`);
    const isList = request.method === "GET" && request.url?.endsWith("/secrets") === true;
    const failure = isList ? error : null;
    const names = ["ROOT_API_KEY", "MEDIA_SIGNING_KEY"].map((name) => ({ name, type: "secret_text" }));
    response.writeHead(failure?.status ?? 200, { "content-type": "application/json" });
    response.end(
      JSON.stringify({
        success: failure === null,
        errors: failure === null ? [] : [failure],
        messages: [],
        result: names,
      }),
    );
  });
  await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  vi.stubEnv("CLOUDFLARE_API_BASE_URL", `http://127.0.0.1:${port}/client/v4`);
  vi.stubEnv("CLOUDFLARE_API_TOKEN", "a token of the test");
  vi.stubEnv("CLOUDFLARE_ACCOUNT_ID", "account");
  vi.spyOn(console, "log").mockImplementation(() => undefined);
  return writes;
}

describe("the deployment's secrets", () => {
  it("are generated for a Worker that does not exist yet (10007), and the owner's key is returned", async () => {
    const writes = await startApi({
      status: 404,
      code: 10_007,
      message: "This Worker does not exist on your account.",
    });
    expect(await ensureSecrets(noPrompt)).toMatch(/^apikey_[\w-]{43}$/);
    expect(writes).toHaveLength(1);
    expect(writes[0]).toContain("/workers/scripts/tintype/");
  });

  it("stay untouched when both are set", async () => {
    const writes = await startApi(null);
    expect(await ensureSecrets(noPrompt)).toBeNull();
    expect(writes).toEqual([]);
  });

  for (const error of [
    { status: 503, code: 10_013, message: "workers.api.error.unknown" },
    { status: 404, code: 7003, message: "Could not route to /secrets, the object identifier was not found" },
    { status: 403, code: 9109, message: "The account does not exist or is not authorized" },
  ]) {
    it(`stay untouched when listing them fails with ${error.status} and code ${error.code}`, async () => {
      const writes = await startApi(error);
      await expect(ensureSecrets(noPrompt)).rejects.toThrow(error.message);
      expect(writes).toEqual([]);
    });
  }
});
