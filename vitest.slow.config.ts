/** Tests that take minutes: large uploads, large libraries, fuzzing and simulations. */
import { defineConfig } from "vitest/config";
import { shared, worker } from "./vitest.config.ts";

export default defineConfig({
  plugins: [worker],
  test: {
    ...shared,
    include: ["test/**/*.slow.test.ts"],
    passWithNoTests: true,
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
