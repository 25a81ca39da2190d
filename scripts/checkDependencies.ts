/**
 * Checks the dependency rules of CONTRIBUTING.md twice: oxlint must refuse a forbidden import between every pair of
 * layers, and src/ must be free of them in any syntax.
 */
import { spawnSync } from "node:child_process";
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import ts from "typescript";
import { z } from "zod";

/** Layers that each layer may import, types included. */
const allowedLayers: Record<string, string[]> = {
  index: ["app", "jobs", "kernel"],
  app: ["routes", "middleware", "kernel"],
  routes: ["operations", "middleware", "http", "kernel"],
  middleware: ["operations", "http", "kernel"],
  jobs: ["operations", "kernel"],
  operations: ["records", "objects", "providers", "media/inspect", "media/transcode", "kernel"],
  records: ["kernel"],
  objects: ["kernel"],
  providers: ["media/inspect", "media/transcode", "kernel"],
  "media/inspect": [],
  "media/transcode": ["media/inspect"],
  http: ["kernel"],
  kernel: [],
};

/** Layers that may import a library with a single concern. */
const allowedLibraries: Record<string, string[]> = {
  hono: ["app", "routes", "middleware"],
  "@hono/zod-openapi": ["app", "routes", "middleware"],
  "drizzle-orm": ["records"],
  thumbhash: ["media/transcode", "media/inspect"],
  exifr: ["media/transcode", "media/inspect"],
  "libheif-js": ["media/transcode", "media/inspect"],
  "@jsquash/webp": ["media/transcode", "media/inspect"],
  ogv: ["media/transcode", "media/inspect"],
  "@photostructure/tz-lookup": ["providers"],
};

const layers = Object.keys(allowedLayers);
const entryPoints = new Set(["index", "app"]);
const statements = ["import", "import type", "export"];

interface Probe {
  path: string;
  source: string;
  allowed: boolean;
}

function probe(from: string, specifier: string, allowed: boolean, statement: string): Probe {
  const name = `${statement} ${specifier}`.replaceAll(/[^a-z]+/g, "-");
  const path = entryPoints.has(from) ? `${from}-${name}/src/${from}.ts` : `src/${from}/noun/${name}.ts`;
  const use = statement === "export" ? "" : "export const y: typeof x | null = null;\n";
  return { path, allowed, source: `${statement} { x } from "${specifier}";\n${use}` };
}

function specifierOf(from: string, to: string): string {
  const target = entryPoints.has(to) ? `src/${to}.ts` : `src/${to}/noun/x.ts`;
  const path = relative(entryPoints.has(from) ? "src" : `src/${from}/noun`, target);
  return path.startsWith(".") ? path : `./${path}`;
}

function probes(): Probe[] {
  return Object.entries(allowedLayers).flatMap(([from, allowed]) => [
    ...layers
      .filter((to) => to !== from)
      .flatMap((to) =>
        statements.map((statement) => probe(from, specifierOf(from, to), allowed.includes(to), statement)),
      ),
    ...Object.entries(allowedLibraries).map(([library, homes]) => probe(from, library, homes.includes(from), "import")),
  ]);
}

const report = z.object({ diagnostics: z.array(z.object({ code: z.string(), filename: z.string() })) });

/** Paths of the probes that oxlint refuses. */
function refusedFiles(directory: string): Set<string> {
  const oxlint = resolve("node_modules/oxlint/bin/oxlint");
  const run = spawnSync(process.execPath, [oxlint, "--format", "json"], { cwd: directory, encoding: "utf8" });
  const refusals = report
    .parse(JSON.parse(run.stdout))
    .diagnostics.filter((one) => one.code.includes("no-restricted-imports"));
  return new Set(refusals.map((one) => one.filename.replaceAll("\\", "/").replace(/^\.\//, "")));
}

function checkLinter(directory: string): string[] {
  const list = probes();
  // Override patterns are relative to the configuration's folder, so each entry-point probe gets a copy of its own.
  const folders = new Set(["."]);
  for (const { path, source } of list) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), source);
    if (!path.startsWith("src/")) folders.add(path.slice(0, path.indexOf("/")));
  }
  for (const folder of folders) cpSync(".oxlintrc.json", join(directory, folder, ".oxlintrc.json"));
  const refused = refusedFiles(directory);
  console.log(`linter: ${list.length} imports tried, ${refused.size} refused`);
  return list
    .filter(({ path, allowed }) => refused.has(path) === allowed)
    .map(({ path, allowed }) => `linter ${allowed ? "refuses an allowed" : "accepts a forbidden"} import: ${path}`);
}

function layerOf(path: string): string | undefined {
  return layers.find((layer) => path === `src/${layer}.ts` || path.startsWith(`src/${layer}/`));
}

/** Includes `import()` and `import("…").Type`, which the lint rule misses. */
function checkFile(path: string): string[] {
  const from = layerOf(path);
  if (from === undefined) return path === "src/env.d.ts" ? [] : [`${path}: belongs to no layer`];
  const allowed = [from, ...(allowedLayers[from] ?? [])];
  return ts
    .preProcessFile(readFileSync(path, "utf8"))
    .importedFiles.map(({ fileName }) => fileName)
    .filter((specifier) => specifier.startsWith("."))
    .map((specifier) => relative(".", resolve(dirname(path), specifier)).replaceAll("\\", "/"))
    .filter((target) => {
      const to = layerOf(target);
      return to === undefined ? target.startsWith("src/") : !allowed.includes(to);
    })
    .map((target) => `${path}: may not import ${target}`);
}

const directory = mkdtempSync(join(tmpdir(), "tintype-dependencies-"));
try {
  const files = globSync("src/**/*.ts").map((path) => path.replaceAll("\\", "/"));
  const problems = [...checkLinter(directory), ...files.flatMap(checkFile)];
  for (const line of problems) console.error(line);
  if (problems.length > 0) process.exitCode = 1;
  else console.log(`dependency rules hold in ${files.length} files`);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
