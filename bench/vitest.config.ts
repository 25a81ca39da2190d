import { defineConfig } from "vitest/config";
import { shared, worker } from "../vitest.config.ts";

export default defineConfig({
  plugins: [worker],
  // Benchmarks print their results, so their console isn't collected.
  test: { ...shared, silent: false, setupFiles: ["./bench/setup.ts"], include: ["bench/*.bench.ts"] },
});
