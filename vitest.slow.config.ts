/** Tests that take minutes: large uploads, large libraries, fuzzing and simulations. */
import { defineConfig } from "vitest/config";
import { shared, worker } from "./vitest.config.ts";

/** Tests of scripts and of a whole server run in Node. */
const scripts = "test/scripts/**/*.slow.test.ts";
const timeouts = { testTimeout: 300_000, hookTimeout: 300_000 };

export default defineConfig({
  test: {
    ...shared,
    passWithNoTests: true,
    projects: [
      {
        extends: true,
        plugins: [worker],
        test: { name: "worker", include: ["test/**/*.slow.test.ts"], exclude: [scripts], ...timeouts },
      },
      { extends: false, test: { name: "scripts", include: [scripts], ...timeouts } },
    ],
  },
});
