import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [
    cloudflareTest(async () => ({
      wrangler: { configPath: "./wrangler.toml" },
      miniflare: {
        bindings: {
          TEST_MIGRATIONS: await readD1Migrations("./migrations"),
          ROOT_API_KEY: "apikey_test_root_key_0123456789abcdef0123456789",
          MEDIA_SIGNING_KEY: "test signing key 0123456789abcdef0123456789abcdef",
        },
      },
    })),
  ],
  test: {
    setupFiles: ["./test/setup.ts"],
    globalSetup: ["./test/support/modelServer.ts"],
    exclude: ["**/*.slow.test.ts", "node_modules/**"],
    // Vitest leaves a core free; most of a file's time here is its Worker starting.
    maxWorkers: 2,
  },
});
