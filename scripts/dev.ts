/**
 * `npm run dev`: migrates the local database and runs the Worker locally, without an account or prompts.
 * Arguments are passed to `wrangler dev`: `npm run dev -- --port 9000 --persist-to .tmp/state`.
 */
import { copyReferenceAssets } from "./copyReferenceAssets.ts";
import { ensureLocalSecrets } from "./localSecrets.ts";
import { waitForExit, runWrangler, startWrangler, stopProcess } from "./wrangler.ts";

/** Extracts `--persist-to DIR` or `--persist-to=DIR`, which the migrations need too. */
function persistArguments(args: string[]): string[] {
  const index = args.findIndex((arg) => arg === "--persist-to" || arg.startsWith("--persist-to="));
  const flag = args[index];
  if (flag === undefined) return [];
  return flag.includes("=") ? [flag] : args.slice(index, index + 2);
}

async function migrate(args: string[]): Promise<void> {
  const run = await runWrangler(["d1", "migrations", "apply", "DB", "--local", ...persistArguments(args)]);
  if (run.code !== 0) throw new Error(`Migrations failed:\n${run.stdout}${run.stderr}`);
}

async function dev(args: string[]): Promise<number> {
  const newKey = ensureLocalSecrets();
  if (newKey !== null)
    console.log(`Wrote random secrets to .dev.vars. The owner's key of this server:\n\n  ${newKey}\n`);
  copyReferenceAssets();
  await migrate(args);
  const server = startWrangler(["dev", ...args]);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void stopProcess(server));
  return (await waitForExit(server)) ?? 1;
}

try {
  process.exitCode = await dev(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
