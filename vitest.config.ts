import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { endStalledRun } from "./test/support/stalledRun.ts";

/** Runs a file's tests in workerd, on the bindings of wrangler.toml. */
export const worker = cloudflareTest(async () => ({
  wrangler: { configPath: "./wrangler.toml" },
  miniflare: {
    bindings: {
      TEST_MIGRATIONS: await readD1Migrations("./migrations"),
      TEST_SEARCH_MIGRATIONS: await readD1Migrations("./search-migrations"),
      ROOT_API_KEY: "apikey_test_root_key_0123456789abcdef0123456789",
      // Set, it prints the logs of passing tests too.
      TEST_LOGS: process.env.TEST_LOGS ?? "",
      MEDIA_SIGNING_KEY: "test signing key 0123456789abcdef0123456789abcdef",
    },
    // A message that the Worker consumes a second later would run its tasks in the middle of another test.
    queueProducers: { QUEUE: "unconsumed", TEST_QUEUE: "tintype" },
    // The rate-limit tests replace the configured limits with this one.
    ratelimits: { TEST_LIMIT: { namespace_id: "70003", simple: { limit: 3, period: 60 } } },
  },
}));

export const shared = {
  // Passing tests log errors that they provoke on purpose.
  silent: "passed-only" as const,
  // The interception of the console lets a run stall: test/support/capturedConsole.ts.
  disableConsoleIntercept: true,
  setupFiles: ["./test/setup.ts"],
  // Ends a test that hangs. A busy machine takes several times the usual second.
  testTimeout: 30_000,
  hookTimeout: 30_000,
  globalSetup: [
    "faces/copyModels",
    ...["modelServer", "embedderServer", "faceServer", "placeServer", "openIdServer"].map((name) => `servers/${name}`),
  ].map((path) => `./test/support/${path}.ts`),
  // The default of Vitest leaves one core unused.
  maxWorkers: 2,
};

const slow = "**/*.slow.test.ts";

/** Tests of scripts run in Node. */
const scripts = "test/scripts/**/*.test.ts";

/** Several times the longest test. */
const STALLED_AFTER_MS = 5 * 60_000;

export default defineConfig({
  plugins: [endStalledRun(STALLED_AFTER_MS)],
  test: {
    ...shared,
    projects: [
      {
        extends: true,
        plugins: [worker],
        // Without isolation, files share Workers: test/support/sharedWorker.ts.
        test: { name: "worker", include: ["test/**/*.test.ts"], exclude: [slow, scripts], isolate: false },
      },
      { extends: false, test: { name: "scripts", include: [scripts], exclude: [slow], testTimeout: 60_000 } },
    ],
  },
});
