import { defineConfig } from "vitest/config";
import { shared, worker } from "../vitest.config.ts";

export default defineConfig({ plugins: [worker], test: { ...shared, include: ["bench/*.bench.ts"] } });
