/** Tests that take minutes: large uploads, large libraries, fuzzing and simulations. */
import { defineConfig } from "vitest/config";
import { endStalledRun } from "./test/support/stalledRun.ts";
import { shared, worker } from "./vitest.config.ts";

/** Tests of scripts and of a whole server run in Node. */
const scripts = "test/scripts/**/*.slow.test.ts";
const timeouts = { testTimeout: 300_000, hookTimeout: 300_000 };

/** Twice the longest test. */
const STALLED_AFTER_MS = 10 * 60_000;

export default defineConfig({
  plugins: [endStalledRun(STALLED_AFTER_MS)],
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
