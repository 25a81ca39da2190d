/** `npm run deploy` with the real wrangler, against an imitation of Cloudflare's API and a local Worker. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { freePort, startServer, type DemoServer } from "../../../scripts/demo/server.ts";
import { accountApi } from "../../../scripts/deploy/api.ts";
import { deployInstance, type DeployOptions } from "../../../scripts/deploy/deployment.ts";
import { applyMigrations, migrationFiles } from "../../../scripts/deploy/migrations.ts";
import type { Prompt } from "../../../scripts/deploy/prompt.ts";
import { configPath } from "../../../scripts/deploy/workerConfig.ts";
import { ensureLocalSecrets } from "../../../scripts/localSecrets.ts";
import { runWrangler } from "../../../scripts/wrangler.ts";
import { newAccount, type Account } from "../../support/servers/cloudflareApi/account.ts";
import { startCloudflareApi, type CloudflareApi } from "../../support/servers/cloudflareApi/server.ts";

/** Not the default name, whose settings and configuration a developer may have. */
const NAME = "deploy-test";
const DEAD = `${NAME}-dead`;

const noTerminal: Prompt = {
  isInteractive: false,
  ask: () => Promise.reject(new Error("no prompt")),
  askSecret: () => Promise.reject(new Error("no prompt")),
};

let server: DemoServer;
let localKey = "";
let account: Account;
let api: CloudflareApi;
let directory: string;
let printed = "";

beforeAll(async () => {
  ensureLocalSecrets();
  localKey = parseEnv(readFileSync(".dev.vars", "utf8"))["ROOT_API_KEY"] ?? "";
  server = startServer(await freePort(0), mkdtempSync(join(tmpdir(), "deploy-server-")));
  await server.ready;
});
afterAll(() => server.close());

beforeEach(async () => {
  account = newAccount();
  api = await startCloudflareApi(account);
  directory = mkdtempSync(join(tmpdir(), "deploy-"));
  printed = "";
  vi.stubEnv("CLOUDFLARE_API_BASE_URL", api.baseUrl);
  vi.stubEnv("CLOUDFLARE_API_TOKEN", "a token of the test");
  vi.stubEnv("CLOUDFLARE_ACCOUNT_ID", account.id);
  vi.spyOn(console, "log").mockImplementation((text: unknown) => void (printed += `${String(text)}\n`));
});
afterEach(async () => {
  await api.close();
  for (const path of [directory, join(".tmp", "deploy", NAME), join(".tmp", "deploy", "second-test")]) {
    rmSync(path, { recursive: true, force: true });
  }
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const deploy = (options: DeployOptions = {}, prompt = noTerminal): Promise<void> =>
  deployInstance({ name: NAME, directory, address: server.origin, key: localKey, ...options }, prompt);

/** A terminal at which the local server's key is pasted, so that the smoke test can use it. */
const terminal: Prompt = {
  isInteractive: true,
  ask: () => Promise.resolve("1"),
  askSecret: () => Promise.resolve(localKey),
};

function settingsText(): string {
  return readFileSync(join(directory, `deploy.${NAME}.env`), "utf8");
}

function workerVars(name = NAME): Record<string, string | undefined> {
  const bindings = account.workers.get(name)?.metadata.bindings ?? [];
  const vars = bindings.filter(({ type }) => type === "plain_text");
  return Object.fromEntries(vars.map((binding) => [binding.name, binding.text]));
}

function consumersOf(queue: string): string[] {
  return account.queues.find(({ name }) => name === queue)?.consumers.map(({ script }) => script) ?? [];
}

function ledger(database = account.databases[0]): unknown[] {
  return database?.sqlite.prepare("SELECT name FROM d1_migrations ORDER BY id").all() ?? [];
}

/** The bindings of D1 databases with which the Worker was uploaded. */
function databaseBindings(name = NAME): unknown[] {
  const bindings = account.workers.get(name)?.metadata.bindings ?? [];
  return bindings.filter(({ type }) => type === "d1").map((binding) => [binding.name, binding.id]);
}

const changes = (): string[] => account.requests.filter((request) => !/^GET|\/query$/.test(request));

describe("the first deployment", () => {
  it("creates everything, migrates, sets secrets, and tests the address with a sample", async () => {
    await deploy({}, terminal);
    expect(account.databases).toMatchObject([
      { name: NAME, replication: "auto" },
      { name: `${NAME}-search`, replication: "auto" },
    ]);
    expect(ledger()).toEqual(migrationFiles().map((name) => ({ name })));
    expect(ledger(account.databases[1])).toEqual(migrationFiles("search-migrations").map((name) => ({ name })));
    expect(databaseBindings()).toEqual([
      ["DB", account.databases[0]?.uuid],
      ["SEARCH_DB", account.databases[1]?.uuid],
    ]);
    expect(account.buckets).toMatchObject([{ name: NAME, jurisdiction: "default", localUploads: true }]);
    expect([consumersOf(NAME), consumersOf(DEAD)]).toEqual([[NAME], [NAME]]);
    expect(account.secrets.get(NAME)).toEqual(new Set(["ROOT_API_KEY", "MEDIA_SIGNING_KEY"]));
    expect(account.workers.get(NAME)).toMatchObject({ crons: ["*/15 * * * *"], isOnWorkersDev: true });
    expect(account.workers.get(NAME)?.metadata["limits"]).toEqual({ cpu_ms: 300_000 });
    expect(workerVars()).toMatchObject({ ENVIRONMENT: "production" });
    expect(account.unknown).toEqual([]);
    expect(printed).toContain(`shown only once. Store it safely:\n\n  ${localKey}`);
    expect(printed).toContain("A sample was uploaded, read back by its URL and deleted.");
    expect(printed).toContain(`https://${NAME}.family.workers.dev`);
    expect(settingsText()).toContain(`CLOUDFLARE_ACCOUNT_ID=${account.id}`);
  });

  it("takes missing secrets from the environment without printing them, and refuses short ones", async () => {
    vi.stubEnv("ROOT_API_KEY", "short");
    await expect(deploy()).rejects.toThrow("ROOT_API_KEY must have at least 32 characters");
    vi.stubEnv("ROOT_API_KEY", localKey);
    await deploy();
    expect(account.secrets.get(NAME)?.size).toBe(2);
    expect(printed).not.toContain(localKey);
  });

  it("keeps a new database and bucket in a jurisdiction, or near a location", async () => {
    await deploy({ jurisdiction: "eu" }, terminal);
    expect(account.databases).toMatchObject([{ jurisdiction: "eu" }, { jurisdiction: "eu" }]);
    expect(account.buckets).toMatchObject([{ jurisdiction: "eu", localUploads: false }]);
    expect(JSON.parse(readFileSync(configPath(NAME), "utf8"))).toMatchObject({
      r2_buckets: [{ bucket_name: NAME, jurisdiction: "eu" }],
    });
    await deploy({ name: "second-test", location: "apac" }, terminal);
    expect(account.databases[2]).toMatchObject({ name: "second-test", location: "apac" });
    expect(account.databases[3]).toMatchObject({ name: "second-test-search", location: "apac" });
  });

  it("serves from a host of a zone, and remembers it", async () => {
    await deploy({ zone: "photos.example.com", "image-delivery": "cdn-cgi" }, terminal);
    expect(account.workers.get(NAME)).toMatchObject({ domains: ["photos.example.com"], isOnWorkersDev: false });
    expect(printed).toContain('starts_with(http.request.uri.path, "/cdn-cgi/image/")');
    await deploy();
    expect(account.workers.get(NAME)?.domains).toEqual(["photos.example.com"]);
    expect(workerVars()).toMatchObject({ PUBLIC_URL: "https://photos.example.com", IMAGE_DELIVERY: "cdn-cgi" });
  });

  it("leaves out CPU limits on the free plan, delivers one message at a time, and remembers it", async () => {
    account.plan = "free";
    await deploy({}, terminal);
    expect(account.workers.get(NAME)?.metadata["limits"]).toBeUndefined();
    expect(workerVars()).toMatchObject({ WORKERS_PLAN: "free" });
    expect(JSON.parse(readFileSync(configPath(NAME), "utf8"))).toMatchObject({
      queues: { consumers: [{ max_batch_size: 1 }, { max_batch_size: 1 }] },
    });
    expect(printed).toContain("Workers Free plan");
    expect(settingsText()).toContain("WORKERS_PLAN=free");
  });

  it("continues without read replication where the API refuses it, and says where to switch it on", async () => {
    account.faults.push({
      method: "PATCH",
      path: /^\/d1\/database/,
      status: 403,
      code: 10_000,
      message: "Authentication error",
      times: 1,
    });
    await deploy({}, terminal);
    expect(printed).toMatch(
      /Skipped D1 read replication of deploy-test: Authentication error.*\n?.*Switch it on in the dashboard/,
    );
    expect(account.workers.has(NAME)).toBe(true);
  });
});

describe("a later deployment", () => {
  it("changes no resource, keeps secrets and data, and keeps variables of the settings file", async () => {
    await deploy({}, terminal);
    account.databases[0]?.sqlite.exec(
      "INSERT INTO users (id, subject, storage_limit_bytes, created_at, updated_at) VALUES ('u', 's', 1, 1, 1)",
    );
    account.requests.length = 0;
    await deploy();
    expect(
      changes().filter((request) => /d1-upload|import|secrets|r2\/buckets$|queues$|database$/.test(request)),
    ).toEqual([]);
    expect(account.databases[0]?.sqlite.prepare("SELECT count(*) AS users FROM users").get()).toEqual({ users: 1 });
    expect(printed).toContain(`${NAME} is up to date.`);
  });

  it("applies only new migrations", async () => {
    await deploy({}, terminal);
    cpSync("migrations", directory, { recursive: true });
    writeFileSync(join(directory, "9000_more.sql"), "CREATE TABLE more (id text)");
    const [database] = account.databases;
    const target = accountApi("a token of the test", account.id);
    const place = { binding: "DB", databaseId: database?.uuid ?? "", config: configPath(NAME) } as const;
    const apply = () => applyMigrations(target, place, directory);
    expect([await apply(), await apply()]).toEqual([["9000_more.sql"], []]);
    expect(ledger().at(-1)).toEqual({ name: "9000_more.sql" });
    writeFileSync(join(directory, "9001_good.sql"), "CREATE TABLE good (id text)");
    writeFileSync(join(directory, "9002_bad.sql"), "CREATE TABLE more (id text)");
    await expect(apply()).rejects.toThrow("The migrations 9001_good.sql, 9002_bad.sql failed and changed nothing.");
    expect(ledger().at(-1)).toEqual({ name: "9000_more.sql" });
    expect(database?.sqlite.prepare("SELECT 1 FROM sqlite_master WHERE name = 'good'").all()).toEqual([]);
  });

  it("refuses a database of newer code before it deploys", async () => {
    await deploy({}, terminal);
    account.databases[0]?.sqlite.exec("INSERT INTO d1_migrations (name) VALUES ('9999_future.sql')");
    account.requests.length = 0;
    await expect(deploy()).rejects.toThrow("migrations that this checkout lacks (9999_future.sql)");
    expect(account.requests.filter((request) => /versions$|scripts\/[^/]+$/.test(request))).toEqual([]);
  });

  it("sets a secret from the environment", async () => {
    await deploy({}, terminal);
    vi.stubEnv("DESCRIBER_API_KEY", "a key");
    await deploy({ secret: "DESCRIBER_API_KEY" });
    expect(account.secrets.get(NAME)?.has("DESCRIBER_API_KEY")).toBe(true);
  });
});

describe("a failed deployment", () => {
  it("is continued by the same command after a failed migration", async () => {
    account.faults.push({
      method: "POST",
      path: /\/import$/,
      status: 500,
      code: 7500,
      message: "internal error",
      times: 8,
    });
    await expect(deploy({}, terminal)).rejects.toThrow("failed and changed nothing");
    account.faults.length = 0;
    await deploy({}, terminal);
    expect(ledger()).toHaveLength(migrationFiles().length);
  });

  it("says that the code was not deployed when the upload fails", async () => {
    await deploy({}, terminal);
    account.faults.push({
      method: "POST",
      path: /\/versions$/,
      status: 500,
      code: 10_013,
      message: "unknown error",
      times: 8,
    });
    await expect(deploy()).rejects.toThrow("The code was not deployed");
  });

  it("says that the cron trigger is missing when all are used up", async () => {
    const message = "You have exceeded the limit of 5 cron triggers";
    account.faults.push({ method: "PUT", path: /\/schedules$/, status: 400, code: 10_072, message, times: 8 });
    await expect(deploy({}, terminal)).rejects.toThrow("The cron trigger is missing");
    account.faults.length = 0;
    await deploy();
    expect(account.workers.get(NAME)?.crons).toEqual(["*/15 * * * *"]);
  });

  it("says which queue has no consumer", async () => {
    account.faults.push({
      method: "POST",
      path: /\/consumers$/,
      status: 400,
      code: 11_000,
      message: "failed",
      times: 8,
    });
    await expect(deploy({}, terminal)).rejects.toThrow(`The queue ${NAME} has no consumer`);
  });

  it("says that the address does not answer", async () => {
    await expect(deploy({ address: "http://127.0.0.1:9", maxWaitMs: 0 }, terminal)).rejects.toThrow("does not answer");
  });
});

describe("the check before a deployment", () => {
  it.each<[string, Partial<Account>, DeployOptions, string]>([
    ["R2 is not enabled", { isR2Enabled: false }, {}, "R2 is not enabled. Enable it at https://dash.cloudflare.com/"],
    ["there is no workers.dev subdomain", { subdomain: null }, {}, "no workers.dev subdomain"],
    ["the zone is unknown", {}, { zone: "photos.example.org" }, "No zone of photos.example.org is visible"],
  ])("stops before any change when %s", async (_name, state, options, message) => {
    Object.assign(account, state);
    await expect(deploy(options, terminal)).rejects.toThrow(message);
    expect(changes()).toEqual([]);
  });

  it("names every permission that the token lacks", async () => {
    const denied = { method: "GET", status: 403, code: 10_000, message: "Authentication error", times: 9 };
    account.faults.push({ ...denied, path: /^\/d1/ }, { ...denied, path: /^\/queues/ });
    const error = deploy({}, terminal);
    await expect(error).rejects.toThrow('lacks the permission "D1: Edit"');
    await expect(error).rejects.toThrow('lacks the permission "Queues: Edit"');
    expect(changes()).toEqual([]);
  });

  it("refuses names that another application uses", async () => {
    account.queues.push({ id: "q", name: NAME, consumers: [{ script: "shop", settings: {} }] });
    account.workers.set(NAME, {
      metadata: { bindings: [{ type: "kv_namespace", name: "CACHE" }] },
      crons: [],
      isOnWorkersDev: true,
      domains: [],
    });
    const error = deploy({}, terminal);
    await expect(error).rejects.toThrow(`The queue ${NAME} is consumed by the Worker shop: choose another name`);
    await expect(error).rejects.toThrow(`The Worker ${NAME} is another application`);
    expect(changes()).toEqual([]);
  });

  it("refuses a database with the tables of another application", async () => {
    await deploy({}, terminal);
    account.databases[0]?.sqlite.exec("DROP TABLE assets");
    await expect(deploy()).rejects.toThrow(`The D1 database ${NAME} belongs to another application`);
    account.databases[1]?.sqlite.exec("DROP TABLE search_state");
    await expect(deploy()).rejects.toThrow(`The D1 database ${NAME}-search belongs to another application`);
  });

  it("works with a token that can't list accounts, when the account is known", async () => {
    account.faults.push({
      method: "GET",
      path: /^\/(accounts|memberships|user)$/,
      status: 403,
      code: 9109,
      message: "Unauthorized",
      times: 9,
    });
    await deploy({}, terminal);
    expect(account.workers.has(NAME)).toBe(true);
  });

  it("asks for CLOUDFLARE_ACCOUNT_ID when the token can't list accounts", async () => {
    vi.stubEnv("CLOUDFLARE_ACCOUNT_ID", undefined);
    account.faults.push({
      method: "GET",
      path: /^\/accounts$/,
      status: 403,
      code: 9109,
      message: "Unauthorized",
      times: 9,
    });
    await expect(deploy()).rejects.toThrow("Set CLOUDFLARE_ACCOUNT_ID");
  });
});

describe("a second instance", () => {
  it("has its own database, bucket, queues and settings", async () => {
    await deploy({}, terminal);
    await deploy({ name: "second-test" }, terminal);
    const names = [NAME, "second-test"];
    expect(account.databases.map(({ name }) => name)).toEqual(names.flatMap((name) => [name, `${name}-search`]));
    expect(account.buckets.map(({ name }) => name)).toEqual([NAME, "second-test"]);
    expect([consumersOf("second-test"), consumersOf(NAME)]).toEqual([["second-test"], [NAME]]);
    expect(account.secrets.get("second-test")?.size).toBe(2);
    const limits = [NAME, "second-test"].map((name) =>
      z
        .object({ ratelimits: z.array(z.object({ namespace_id: z.string() })) })
        .parse(JSON.parse(readFileSync(configPath(name), "utf8"))),
    );
    expect(new Set(limits.flatMap(({ ratelimits }) => ratelimits.map((limit) => limit.namespace_id))).size).toBe(6);
  });

  it("starts from a backup, and refuses one for a database that is not empty", async () => {
    const config = join(directory, "wrangler.json");
    const database = {
      binding: "DB",
      database_name: "tintype",
      database_id: "local",
      migrations_dir: join(process.cwd(), "migrations"),
    };
    writeFileSync(
      config,
      JSON.stringify({ name: "tintype", compatibility_date: "2026-10-01", d1_databases: [database] }),
    );
    const backup = join(directory, "tintype.sql");
    const insert =
      "INSERT INTO users (id, subject, storage_limit_bytes, created_at, updated_at) VALUES ('u', 's', 1, 1, 1)";
    for (const args of [
      ["migrations", "apply", "DB", "--local"],
      ["execute", "DB", "--local", "--command", insert],
      ["export", "DB", "--local", "--output", backup],
    ]) {
      const run = await runWrangler(["d1", ...args, "--config", config]);
      expect(run.code).toBe(0);
    }
    await deploy({ import: backup }, terminal);
    expect(account.databases[0]?.sqlite.prepare("SELECT id FROM users WHERE subject = 's'").all()).toEqual([
      { id: "u" },
    ]);
    expect(printed).toContain(`${NAME} is up to date.`);
    await expect(deploy({ import: backup })).rejects.toThrow("--import needs an empty database");
    await expect(deploy({ import: "missing.sql" })).rejects.toThrow("The file missing.sql does not exist");
  });
});
