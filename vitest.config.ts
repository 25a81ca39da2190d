import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/** Runs a file's tests in workerd, on the bindings of wrangler.toml. */
export const worker = cloudflareTest(async () => ({
  wrangler: { configPath: "./wrangler.toml" },
  miniflare: {
    bindings: {
      TEST_MIGRATIONS: await readD1Migrations("./migrations"),
      ROOT_API_KEY: "apikey_test_root_key_0123456789abcdef0123456789",
      MEDIA_SIGNING_KEY: "test signing key 0123456789abcdef0123456789abcdef",
    },
    // For the tests of rate limits, which put it in the place of the real ones.
    ratelimits: { TEST_LIMIT: { namespace_id: "70003", simple: { limit: 3, period: 60 } } },
  },
}));

export const shared = {
  // The log of a test that passes, much of it of failures made on purpose, says nothing.
  silent: "passed-only" as const,
  setupFiles: ["./test/setup.ts"],
  globalSetup: ["./test/support/servers/modelServer.ts", "./test/support/servers/placeServer.ts"],
  // Vitest leaves a core free.
  maxWorkers: 2,
};

const slow = "**/*.slow.test.ts";

/** They store nothing, so one Worker runs them all: most of a file's time is its Worker starting. */
const stateless = [
  "test/{http,kernel,media,providers}/**/*.test.ts",
  "test/objects/keys.test.ts",
  "test/operations/{delivery/urlSigner,tasks/taskQueue}.test.ts",
  "test/records/assets/metadata.test.ts",
];

export default defineConfig({
  test: {
    ...shared,
    projects: [
      {
        extends: true,
        plugins: [worker],
        test: { name: "stateless", include: stateless, exclude: [slow], setupFiles: [], isolate: false },
      },
      {
        extends: true,
        plugins: [worker],
        test: { name: "stored", include: ["test/**/*.test.ts"], exclude: [slow, ...stateless] },
      },
    ],
  },
});
