/**
 * `npm run check:clients`: generates clients from /openapi.json of a running Worker, and checks and runs the programs of
 * docs/generated-clients.md with them. Python is skipped with a message where python3 or its packages are missing.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { commandRunner, type RunCommand } from "./checkClients/commands.ts";
import { programsOf } from "./checkClients/programs.ts";
import { runPythonClient } from "./checkClients/python.ts";
import { readLocalKey } from "./demo/client.ts";
import { withServer } from "./demo/server.ts";

const PAGE = join("docs", "generated-clients.md");

/** The settings of a Node project with ES modules, as strict as ours. */
const TSCONFIG = {
  compilerOptions: {
    target: "es2023",
    lib: ["es2024", "dom", "dom.iterable"],
    module: "nodenext",
    moduleResolution: "nodenext",
    types: ["node"],
    strict: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
    outDir: "out",
    rootDir: ".",
  },
  include: ["*.ts", "heyApi"],
};

/** The generator looks for a tsconfig.json above itself, so that it can't find that of a project with a link to it. */
const HEY_API_CONFIG = { output: { path: "heyApi", module: { extension: ".js" } } };

function prepareProject(directory: string): void {
  for (const [name, text] of programsOf(readFileSync(PAGE, "utf8"))) writeFileSync(join(directory, name), text);
  writeFileSync(join(directory, "package.json"), JSON.stringify({ type: "module" }));
  writeFileSync(join(directory, "tsconfig.json"), JSON.stringify(TSCONFIG));
  writeFileSync(join(directory, "openapi-ts.config.json"), JSON.stringify(HEY_API_CONFIG));
  for (const name of ["node_modules", "samples"]) symlinkSync(resolve(name), join(directory, name), "junction");
}

async function runTypeScriptClients(run: RunCommand, origin: string): Promise<void> {
  const node = async (...args: string[]) => await run(process.execPath, args);
  const bin = (path: string) => join("node_modules", path);
  await node("generate.ts");
  const hey = bin("@hey-api/openapi-ts/bin/run.js");
  await node(hey, "--input", `${origin}/openapi.json`, "--no-log-file");
  await node(bin("typescript/bin/tsc"), "--project", ".");
  for (const name of ["openapiFetch", "heyApi"]) console.log((await node(join("out", `${name}.js`))).trim());
}

async function check(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "clients-"));
  const project = join(directory, "project");
  mkdirSync(project);
  try {
    prepareProject(project);
    await withServer(directory, async ({ origin }) => {
      const run = commandRunner(project, { TINTYPE_URL: origin, TINTYPE_KEY: await readLocalKey() });
      await runTypeScriptClients(run, origin);
      await runPythonClient(run, project, origin);
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

try {
  await check();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
