import { defineConfig } from "vitest/config";
import { shared, worker } from "../vitest.config.ts";

export default defineConfig({
  plugins: [worker],
  // Benchmarks print their results.
  test: { ...shared, silent: false, include: ["bench/*.bench.ts"] },
});
