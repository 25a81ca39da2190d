/**
 * `npm run check:openapi`: starts the Worker, reads /openapi.json and lints it with redocly and spectral: no error and
 * no warning of their recommended rules. `-- FILE` also keeps the document.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withServer, type DemoServer } from "./demo/server.ts";

const privacyEnv = { REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" };

/** Runs a linter of node_modules. Returns its output if it found something, else null. */
function lint(bin: string, args: string[]): string | null {
  const run = spawnSync(process.execPath, [join("node_modules", bin), ...args], {
    encoding: "utf8",
    env: { ...process.env, ...privacyEnv },
  });
  const output = `${run.stdout}${run.stderr}`;
  const isClean = run.status === 0 && !/\b[1-9]\d* (?:warning|problem)s?\b/i.test(output);
  return isClean ? null : output;
}

async function check(keep: string | undefined): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "openapi-"));
  try {
    const document = join(directory, "openapi.json");
    const read = async ({ origin }: DemoServer) => await (await fetch(`${origin}/openapi.json`)).text();
    writeFileSync(document, await withServer(directory, read));
    if (keep !== undefined) copyFileSync(document, keep);
    const ruleset = join(directory, "spectral.json");
    writeFileSync(ruleset, JSON.stringify({ extends: ["spectral:oas"] }));
    const failures = [
      lint("@redocly/cli/bin/cli.js", ["lint", document, "--extends=recommended"]),
      lint("@stoplight/spectral-cli/dist/index.js", ["lint", document, "--ruleset", ruleset, "--fail-severity=hint"]),
    ].filter((output) => output !== null);
    if (failures.length > 0) throw new Error(failures.join("\n"));
    console.log("The OpenAPI document has no error and no warning (redocly and spectral, recommended rules).");
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

try {
  await check(process.argv[2]);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
