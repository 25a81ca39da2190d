import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { networkPrefix, REQUESTS_PER_COUNT } from "../../src/middleware/rateLimits.ts";
import { expectError } from "../support/clients/responses.ts";
import { call, ROOT_API_KEY, type CallOptions } from "../support/clients/api.ts";
import { getRootOwner } from "../support/clients/account.ts";
import { insertKey, newSecret } from "../support/clients/tenants.ts";
import { countingD1 } from "../support/bindings/d1.ts";
import { seedLibrary } from "../support/rows/seed.ts";

let userId: string;
beforeAll(async () => {
  userId = (await getRootOwner()).userId;
});

/** Waits for the next minute when the current window is about to end: limits of three per minute reset with it. */
async function startOfWindow(): Promise<void> {
  const left = 60_000 - (Date.now() % 60_000);
  if (left < 5000) await new Promise((resolve) => setTimeout(resolve, left));
}

const limited: CallOptions = { env: { CREDENTIAL_LIMIT: env.TEST_LIMIT } };
const guarded: CallOptions = { env: { AUTH_FAILURE_LIMIT: env.TEST_LIMIT } };

async function statuses(count: number, options: CallOptions): Promise<number[]> {
  const statusCodes: number[] = [];
  for (let i = 0; i < count; i++) statusCodes.push((await call("GET", "/api/users/me", options)).status);
  return statusCodes;
}

/** A limit that counts its calls, and refuses them from `refusesFrom` on. */
function countingLimit(refusesFrom = Infinity) {
  const keys: string[] = [];
  const limit = ({ key }: { key: string }) => Promise.resolve({ success: keys.push(key) < refusesFrom });
  return { keys, options: { env: { CREDENTIAL_LIMIT: { limit } } } satisfies CallOptions };
}

/** Three calls of the limit count these requests. */
const ALLOWED = 3 * REQUESTS_PER_COUNT;

describe("a credential over its limit", () => {
  it("gets 429 with Retry-After within the minute, and other credentials do not", { timeout: 15_000 }, async () => {
    await startOfWindow();
    const { secret } = await insertKey({ userId });
    const { secret: other } = await insertKey({ userId });
    expect(new Set(await statuses(ALLOWED, { ...limited, token: secret }))).toEqual(new Set([200]));
    expect(await statuses(2, { ...limited, token: secret })).toEqual([429, 429]);
    const response = await call("POST", "/api/albums", { ...limited, token: secret, json: { name: "late" } });
    const retryAfter = Number(response.headers.get("retry-after"));
    expect(await expectError(response, 429)).toMatchObject({ error: "rate_limited" });
    expect(retryAfter).toBeGreaterThanOrEqual(1);
    expect(retryAfter).toBeLessThanOrEqual(60);
    expect(await statuses(3, { ...limited, token: other })).toEqual([200, 200, 200]);
    const ofRoot = await statuses(ALLOWED + 1, { ...limited, token: ROOT_API_KEY });
    expect(ofRoot.indexOf(429)).toBe(ALLOWED);
  });

  it("can still call the ping, which needs no credential", async () => {
    expect((await call("GET", "/api/server/ping", limited)).status).toBe(200);
  });
});

describe("the requests of a credential", () => {
  it("are counted ten at a time, the first of them at once", async () => {
    const { secret: token } = await insertKey({ userId });
    const { keys, options } = countingLimit();
    const callsAfter: number[] = [];
    for (let i = 0; i < 2 * REQUESTS_PER_COUNT + 1; i++) {
      await call("GET", "/api/users/me", { ...options, token });
      callsAfter.push(keys.length);
    }
    expect(callsAfter).toEqual([...Array(10).fill(1), ...Array(10).fill(2), 3]);
    expect(new Set(keys).size).toBe(1);
  });

  it("are all counted when they are sent at once", async () => {
    const { secret: token } = await insertKey({ userId });
    const { keys, options } = countingLimit();
    await Promise.all(Array.from({ length: 25 }, () => call("GET", "/api/users/me", { ...options, token })));
    expect(keys.length * REQUESTS_PER_COUNT).toBeGreaterThanOrEqual(25);
    const counted = keys.length;
    const left = counted * REQUESTS_PER_COUNT - 25;
    await statuses(left, { ...options, token });
    expect(keys.length).toBe(counted);
  });

  it("do not use up what is left when they are refused", async () => {
    const { secret: token } = await insertKey({ userId });
    const { keys, options } = countingLimit(2);
    const allowed = await statuses(REQUESTS_PER_COUNT, { ...options, token });
    expect(new Set(allowed)).toEqual(new Set([200]));
    expect(await statuses(3, { ...options, token })).toEqual([429, 429, 429]);
    expect(keys).toHaveLength(1 + 3);
  });
});

describe("a credential that reads many rows", () => {
  it("uses up its limit with fewer requests", { timeout: 60_000 }, async () => {
    const { libraryId } = await seedLibrary(userId, 12_000);
    const { secret: token } = await insertKey({ userId });
    const { keys, options } = countingLimit();
    const read = async (query: string): Promise<void> => {
      const path = `/api/assets?library_id=${libraryId}&${query}`;
      expect((await call("GET", path, { ...options, token })).status).toBe(200);
    };
    for (let i = 0; i < REQUESTS_PER_COUNT; i++) await read("include=");
    expect(keys).toHaveLength(1);
    // No video is in an album, and no index holds both with a map box, so all 7,000 assets with a position are scanned:
    // each scan counts as 1 + 3 requests.
    for (let i = 0; i < 5; i++) await read("include=&bbox=-180,-90,180,90&media_type=video&album_filter=in_album");
    expect(keys).toHaveLength(1 + 2);
    await read("include=");
    expect(keys).toHaveLength(1 + 3);
  });
});

describe("a network with failed authentication attempts", () => {
  const from = (address: string, token: string | null): CallOptions => ({
    ...guarded,
    token,
    headers: { "cf-connecting-ip": address },
  });

  it("gets 429 for further attempts, while a valid credential is accepted", { timeout: 15_000 }, async () => {
    await startOfWindow();
    const { secret: inUse } = await insertKey({ userId });
    expect((await call("GET", "/api/users/me", from("192.0.2.20", inUse))).status).toBe(200);
    const failedAttempt = (i: number) => from("192.0.2.7", i % 2 === 0 ? `apikey_guess_${i}` : `guess_${i}`);
    const statusCodes: number[] = [];
    for (let i = 0; i < 5; i++) statusCodes.push((await call("GET", "/api/users/me", failedAttempt(i))).status);
    expect(statusCodes).toEqual([401, 401, 401, 429, 429]);
    const rejected = await call("GET", "/api/users/me", failedAttempt(9));
    expect(Number(rejected.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    await expectError(rejected, 429);
    expect((await call("GET", "/api/users/me", from("192.0.2.7", ROOT_API_KEY))).status).toBe(200);
    expect((await call("GET", "/api/users/me", from("192.0.2.7", inUse))).status).toBe(200);
    const { binding, counts } = countingD1(env.DB);
    const attempt = from("192.0.2.7", newSecret());
    expect((await call("GET", "/api/users/me", { ...attempt, env: { ...guarded.env, DB: binding } })).status).toBe(429);
    expect(counts.roundTrips).toBe(0);
    expect((await call("GET", "/api/users/me", from("192.0.2.8", "guess"))).status).toBe(401);
  });

  it("is not limited for requests without a credential", async () => {
    expect(await statuses(5, from("192.0.2.9", null))).toEqual([401, 401, 401, 401, 401]);
  });

  it("is the /64 of an IPv6 address", () => {
    for (const address of ["2001:db8:0:1::1", "2001:0DB8:0000:0001:ffff:1:2:3", "2001:db8:0:1:0:0:0:9"]) {
      expect(networkPrefix(address), address).toBe("2001:db8:0:1");
    }
    expect(networkPrefix("2001:db8::1")).toBe("2001:db8:0:0");
    expect(networkPrefix("::1")).toBe("0:0:0:0");
    expect(networkPrefix("192.0.2.7")).toBe("192.0.2.7");
  });
});

describe("a deployment", () => {
  it("has no limits without the bindings or when they fail", async () => {
    const broken = { limit: () => Promise.reject(new Error("out of order")) };
    const none = { CREDENTIAL_LIMIT: undefined, AUTH_FAILURE_LIMIT: undefined } as unknown as Partial<Cloudflare.Env>;
    for (const limits of [none, { CREDENTIAL_LIMIT: broken, AUTH_FAILURE_LIMIT: broken }]) {
      expect(await statuses(4, { env: limits })).toEqual([200, 200, 200, 200]);
      const options = { env: limits, token: "guess", headers: { "cf-connecting-ip": "192.0.2.10" } };
      expect(await statuses(4, options)).toEqual([401, 401, 401, 401]);
    }
  });

  it("has both limits by default, above the request rate of a syncing client", async () => {
    for (const limit of [env.CREDENTIAL_LIMIT, env.AUTH_FAILURE_LIMIT]) {
      expect(await limit?.limit({ key: "a test" })).toEqual({ success: true });
    }
  });
});
