/**
 * `npm run dev`: the Worker on this machine, migrated and ready, with no account and no prompt.
 * Arguments go to `wrangler dev` as they are: `npm run dev -- --port 9000 --persist-to .tmp/state`.
 */
import { copyFileSync, existsSync } from "node:fs";
import { copyReferenceAssets } from "./assets.ts";
import { exitOf, runWrangler, startWrangler, stop } from "./wrangler.ts";

function ensureLocalSecrets(): void {
  if (existsSync(".dev.vars")) return;
  copyFileSync(".dev.vars.example", ".dev.vars");
  console.log("Made .dev.vars from .dev.vars.example.");
}

/** `--persist-to DIR` or `--persist-to=DIR`, which the migrations have to know too. */
function persistArguments(args: string[]): string[] {
  const at = args.findIndex((arg) => arg === "--persist-to" || arg.startsWith("--persist-to="));
  const flag = args[at];
  if (flag === undefined) return [];
  return flag.includes("=") ? [flag] : args.slice(at, at + 2);
}

async function migrate(args: string[]): Promise<void> {
  const run = await runWrangler(["d1", "migrations", "apply", "DB", "--local", ...persistArguments(args)]);
  if (run.code !== 0) throw new Error(`The migrations failed:\n${run.stdout}${run.stderr}`);
}

async function dev(args: string[]): Promise<number> {
  ensureLocalSecrets();
  copyReferenceAssets();
  await migrate(args);
  const server = startWrangler(["dev", ...args]);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void stop(server));
  return (await exitOf(server)) ?? 1;
}

try {
  process.exitCode = await dev(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
