/** `npm run demo`: starts the Worker locally, uploads samples/ through the public API and prints the results. */
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import type { Api } from "./demo/client.ts";
import {
  ApiError,
  listAssets,
  listFileNames,
  listPeople,
  readLocalKey,
  samplePaths,
  turnOnFaceDetection,
  uploadFile,
} from "./demo/client.ts";
import { lockState } from "./demo/exclusive.ts";
import type { PersonOnPhotos } from "./demo/report.ts";
import { printAddresses, printHowToKeep, printPeople, printTable, showProgress } from "./demo/report.ts";
import type { DemoServer } from "./demo/server.ts";
import { freePort, startServer } from "./demo/server.ts";
import { waitForTasks } from "./demo/tasks.ts";

const HELP = `npm run demo -- [options]

Starts the Worker locally without an account, uploads samples/, waits for the background tasks and prints what came
back. On a terminal it runs until Ctrl-C; elsewhere it ends. Fails if an upload or a task fails.

  --keep            keep running until Ctrl-C, also without a terminal
  --once            end after the results, also on a terminal
  --port N          port of the server; default: any free one
  --persist-to DIR  where the state is kept; default: .wrangler/demo
  --help            show this text`;

function readOptions() {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: "0" },
      "persist-to": { type: "string", default: join(".wrangler", "demo") },
      keep: { type: "boolean", default: false },
      once: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`--port must be a number from 0 to 65535, not ${values.port}`);
  const keep = !values.once && (values.keep || process.stdout.isTTY);
  return { port, persistTo: values["persist-to"], keep, help: values.help };
}

async function uploadAll(api: Api): Promise<string[]> {
  const paths = await samplePaths();
  const ids = new Set<string>();
  let duplicates = 0;
  for (const [index, path] of paths.entries()) {
    const { id, created } = await uploadFile(api, path);
    ids.add(id);
    if (!created) duplicates++;
    showProgress(index + 1, paths.length, `${created ? "201 created  " : "200 duplicate"} ${basename(path)}`);
  }
  console.log(`${paths.length - duplicates} created, ${duplicates} duplicates.`);
  return [...ids];
}

/** The people that clustering found on at least two photos. */
async function peopleOnSeveralPhotos(api: Api): Promise<PersonOnPhotos[]> {
  const people: PersonOnPhotos[] = [];
  for (const { id, name = null, asset_count: count } of await listPeople(api)) {
    if ((count ?? 0) >= 2) people.push({ name, files: await listFileNames(api, { personId: id }) });
  }
  return people;
}

async function runDemo(server: DemoServer, keep: boolean): Promise<void> {
  const api = { origin: server.origin, key: await readLocalKey() };
  console.log(`Ready at ${server.origin}.`);
  const findsFaces = await turnOnFaceDetection(api);
  console.log(
    `Face detection is ${findsFaces ? "turned on for the demo's owner" : "not available"}. Uploading samples/ ...`,
  );
  const ids = await uploadAll(api);
  const { finished, failures } = await waitForTasks(api, ids);
  const assets = await listAssets(api, ids);
  const withThumbhash = assets.filter(({ thumbhash }) => typeof thumbhash === "string").length;
  console.log(`${finished} tasks ended; ${withThumbhash} of ${assets.length} assets have a thumbhash.\n`);
  printTable(assets);
  printPeople(await peopleOnSeveralPhotos(api));
  if (failures.length > 0) {
    const reasons = failures.map(
      (task) => `  ${task.task_type} of ${task.asset_id ?? ""}: ${task.error_message ?? ""}`,
    );
    throw new Error(`${failures.length} tasks failed:\n${reasons.join("\n")}`);
  }
  if (keep) printAddresses(api, assets);
  else printHowToKeep();
}

function waitForSignal(): Promise<void> {
  return new Promise((settle) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => settle());
  });
}

/** The messages of Node, SQLite and workerd when no space is left. */
const DISK_FULL = /ENOSPC|SQLITE_FULL|database or disk is full|No space left on device/i;

function explain(error: unknown, server: DemoServer, persistTo: string): Error {
  const message = error instanceof Error ? error.message : String(error);
  const output = server.recentOutput();
  if (DISK_FULL.test(message + output)) return new Error(`The disk is full: free some space for ${persistTo}.`);
  return error instanceof ApiError ? new Error(`${message}\nOutput of the Worker:\n${output}`) : new Error(message);
}

async function demo(): Promise<void> {
  const { port, persistTo, keep, help } = readOptions();
  if (help) return console.log(HELP);
  const lock = lockState(persistTo);
  const signal = waitForSignal();
  let server: DemoServer | null = null;
  try {
    const started = startServer(await freePort(port), persistTo);
    server = started;
    const run = async () => {
      console.log("Starting the Worker ...");
      await started.ready;
      await runDemo(started, keep);
      if (keep) console.log("Running until Ctrl-C.");
      if (keep) await signal;
    };
    const failed = (error: unknown): never => {
      throw explain(error, started, persistTo);
    };
    await Promise.race([run().catch(failed), signal, started.exited.catch(failed)]);
  } finally {
    await server?.close();
    lock.release();
  }
}

try {
  await demo();
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
// A request interrupted by Ctrl-C may wait for its timeout.
process.exit();
