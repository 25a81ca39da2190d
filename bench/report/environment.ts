/** The machine and the versions of a run. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, totalmem } from "node:os";
import { z } from "zod";
import type { Environment } from "./figures.ts";

const packageSchema = z.object({ version: z.string() });

function versionOf(name: string): string {
  return packageSchema.parse(JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8"))).version;
}

function commit(): string {
  try {
    return execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
  } catch {
    return "unknown";
  }
}

export function readEnvironment(): Environment {
  const memoryGb = Math.round(totalmem() / 1024 ** 3);
  const packages = ["wrangler", "workerd", "sharp"].map((name) => `${name} ${versionOf(name)}`);
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: commit(),
    machine: `${availableParallelism()} cores of ${cpus()[0]?.model ?? "unknown"}, ${memoryGb} GB`,
    versions: [`Node ${process.versions.node}`, ...packages].join(", "),
  };
}
