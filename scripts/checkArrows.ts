/**
 * Proves that the linter holds the room arrows: writes one small file for every pair of rooms into a temporary
 * directory and expects oxlint to complain about exactly the pairs that are not allowed. Lints no real code.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { z } from "zod";

/** Who may import whom; CONTRIBUTING.md says it in words. `type media` is an import of types only. */
const mayImport: Record<string, string[]> = {
  index: ["app", "jobs", "kernel"],
  app: ["routes", "middleware", "kernel"],
  routes: ["operations", "middleware", "kernel", "type media"],
  middleware: ["operations", "kernel"],
  jobs: ["operations", "kernel"],
  operations: ["records", "objects", "providers", "media", "kernel", "type media"],
  records: ["kernel"],
  objects: ["kernel"],
  providers: ["media", "kernel", "type media"],
  media: ["type media"],
  kernel: [],
};

/** Which rooms may use a library that belongs to one concern. */
const libraries: Record<string, string[]> = {
  hono: ["app", "routes", "middleware"],
  "@hono/zod-openapi": ["app", "routes", "middleware"],
  "drizzle-orm": ["records"],
  thumbhash: ["media", "providers"],
  "libheif-js": ["media"],
  "@jsquash/avif": ["media"],
  "@photostructure/tz-lookup": ["providers"],
};

interface Arrow {
  path: string;
  source: string;
  allowed: boolean;
}

const top = new Set(["index", "app"]);

function arrow(from: string, specifier: string, allowed: boolean, keyword = "import"): Arrow {
  const name = `${keyword} ${specifier}`.replaceAll(/[^a-z]+/g, "-");
  const path = top.has(from) ? `${from}-${name}/src/${from}.ts` : `src/${from}/${name}.ts`;
  return { path, allowed, source: `${keyword} { x } from "${specifier}";\nexport const y: typeof x | null = null;\n` };
}

function arrows(): Arrow[] {
  const rooms = Object.keys(mayImport);
  const list: Arrow[] = [];
  for (const [from, allowed] of Object.entries(mayImport)) {
    const up = top.has(from) ? "./" : "../";
    for (const to of rooms.filter((room) => room !== from)) {
      list.push(arrow(from, up + (top.has(to) ? `${to}.ts` : `${to}/x.ts`), allowed.includes(to)));
    }
    list.push(arrow(from, `${up}media/x.ts`, allowed.includes("type media"), "import type"));
    for (const [library, homes] of Object.entries(libraries)) list.push(arrow(from, library, homes.includes(from)));
  }
  return list;
}

const report = z.object({ diagnostics: z.array(z.object({ code: z.string(), filename: z.string() })) });

/** The files that oxlint finds an arrow violation in. */
function refusedFiles(directory: string): Set<string> {
  const oxlint = resolve("node_modules/oxlint/bin/oxlint");
  const run = spawnSync(process.execPath, [oxlint, "--format", "json"], { cwd: directory, encoding: "utf8" });
  const found = report.parse(JSON.parse(run.stdout)).diagnostics;
  const refusals = found.filter((one) => one.code.includes("no-restricted-imports"));
  return new Set(refusals.map((one) => one.filename.replaceAll("\\", "/").replace(/^\.\//, "")));
}

function check(directory: string): string[] {
  const list = arrows();
  const folders = new Set(["."]);
  for (const { path, source } of list) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), source);
    // The override patterns start at the configuration's own folder, so index.ts and app.ts get one of their own.
    if (!path.startsWith("src/")) folders.add(path.slice(0, path.indexOf("/")));
  }
  for (const folder of folders) cpSync(".oxlintrc.json", join(directory, folder, ".oxlintrc.json"));
  const refused = refusedFiles(directory);
  console.log(`${list.length} imports tried, ${refused.size} refused`);
  return list
    .filter(({ path, allowed }) => refused.has(path) === allowed)
    .map(({ path, allowed }) => `${allowed ? "refused, though allowed" : "not refused"}: ${path}`);
}

const directory = mkdtempSync(join(tmpdir(), "tintype-arrows-"));
try {
  const wrong = check(directory);
  for (const line of wrong) console.error(line);
  if (wrong.length > 0) process.exitCode = 1;
  else console.log("the linter holds the room arrows");
} finally {
  rmSync(directory, { recursive: true, force: true });
}
