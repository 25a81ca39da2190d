import { defineConfig } from "vitest/config";
import { shared, worker } from "../vitest.config.ts";

export default defineConfig({
  plugins: [worker],
  // What a bench prints is its result.
  test: { ...shared, silent: false, include: ["bench/*.bench.ts"] },
});
