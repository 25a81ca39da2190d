/** `npm run dev`: migrates the local database and runs the Worker locally, without an account or prompts. */
import { copyFaceModels } from "./copyFaceModels.ts";
import { copyReferenceAssets } from "./copyReferenceAssets.ts";
import { readFaceDetection, readLocalKey, turnOnFaceDetection } from "./demo/client.ts";
import { freePort } from "./demo/server.ts";
import { ensureLocalSecrets } from "./localSecrets.ts";
import { runWrangler, startWrangler, stopProcess, waitForExit } from "./wrangler.ts";

const HELP = `npm run dev -- [options of wrangler dev]

Starts the Worker locally, empty, without an account. The first start writes random secrets to .dev.vars.

  --port N          port; default: 8787
  --persist-to DIR  where the state is kept; default: .wrangler/state
  --help            show this text`;

const DEFAULT_PORT = 8787;

/** The value of `--name VALUE` or `--name=VALUE`; null without it. */
function optionOf(args: string[], name: string): string | null {
  const index = args.findIndex((arg) => arg === name || arg.startsWith(`${name}=`));
  const flag = args[index];
  if (flag === undefined) return null;
  return flag.includes("=") ? flag.slice(name.length + 1) : (args[index + 1] ?? null);
}

/** The migrations need the state's directory too. */
async function migrate(args: string[]): Promise<void> {
  const persistTo = optionOf(args, "--persist-to");
  const persist = persistTo === null ? [] : ["--persist-to", persistTo];
  for (const binding of ["DB", "SEARCH_DB"]) {
    const run = await runWrangler(["d1", "migrations", "apply", binding, "--local", ...persist]);
    if (run.code !== 0) throw new Error(`Migrations of ${binding} failed:\n${run.stdout}${run.stderr}`);
  }
}

/** Fails with one sentence if the port is in use; wrangler would choose another one, or print a stack trace. */
async function requirePort(args: string[]): Promise<number> {
  const text = optionOf(args, "--port") ?? String(DEFAULT_PORT);
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error(`--port must be a number from 0 to 65535, not ${text}`);
  }
  return await freePort(port, "dev");
}

const MAX_START_SECONDS = 120;

/** Turns face detection on, once the server responds, for a local owner who has not decided; says so. */
async function turnOnUndecided(origin: string): Promise<void> {
  const api = { origin, key: await readLocalKey() };
  for (let second = 0; second < MAX_START_SECONDS; second += 1) {
    await new Promise((resolve) => setTimeout(resolve, 1000).unref());
    try {
      const isUndecided = (await readFaceDetection(api)) === null;
      if (isUndecided && (await turnOnFaceDetection(api))) {
        console.log("Face detection is turned on for the local owner; PATCH /api/users/me turns it off: docs/faces.md");
      }
      return;
    } catch {
      // The server is still starting.
    }
  }
}

async function dev(args: string[]): Promise<number> {
  if (args.includes("--help")) {
    console.log(HELP);
    return 0;
  }
  const port = await requirePort(args);
  const newKey = ensureLocalSecrets();
  copyReferenceAssets();
  copyFaceModels();
  await migrate(args);
  const origin = `http://localhost:${port}`;
  console.log(`
Start page      ${origin}/
API reference   ${origin}/docs
Owner's key     ${await readLocalKey()}${newKey === null ? "" : "   (new, in .dev.vars)"}
`);
  const server = startWrangler(["dev", ...args, ...(optionOf(args, "--port") === "0" ? ["--port", String(port)] : [])]);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void stopProcess(server));
  void turnOnUndecided(origin);
  return (await waitForExit(server)) ?? 1;
}

try {
  process.exitCode = await dev(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
