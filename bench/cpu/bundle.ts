/** Builds the production bundle and imports it into Node. */
import { registerHooks } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { copyFaceModels } from "../../scripts/copyFaceModels.ts";
import { copyReferenceAssets } from "../../scripts/copyReferenceAssets.ts";
import { runWrangler } from "../../scripts/wrangler.ts";
import { loadWasmModules } from "./wasmModules.ts";

const BUILD_FOLDER = join(".tmp", "bench-cpu");

/** Bundles the Worker as a deploy does. */
export async function buildBundle(): Promise<void> {
  copyReferenceAssets();
  copyFaceModels();
  const { code, stderr } = await runWrangler(["deploy", "--dry-run", "--env", "production", "--outdir", BUILD_FOLDER]);
  if (code !== 0) throw new Error(`the build failed: ${stderr}`);
}

export interface Worker {
  fetch(request: Request, env: object, execution: object): Promise<Response>;
}

function isWorker(value: unknown): value is Worker {
  return typeof value === "object" && value !== null && "fetch" in value;
}

const CLOUDFLARE_WORKERS = `export const env = {}; export const cache = undefined; export class WorkerEntrypoint {}
export const waitUntil = () => {}; export default {};`;

/** Imports the bundle of `buildBundle`, or an earlier one whose folder is in `BENCH_BUNDLE`, to compare both. */
export async function importBundle(): Promise<Worker> {
  const folder = process.env["BENCH_BUNDLE"] ?? BUILD_FOLDER;
  loadWasmModules();
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier.startsWith("cloudflare:")
        ? { url: specifier, format: "module", shortCircuit: true }
        : next(specifier, context),
    load: (url, context, next) => {
      if (url.startsWith("cloudflare:")) return { format: "module", source: CLOUDFLARE_WORKERS, shortCircuit: true };
      return next(url, { ...context, ...(url.endsWith(".js") && url.includes(folder) ? { format: "module" } : {}) });
    },
  });
  const url = pathToFileURL(resolve(folder, "index.js")).href;
  const module: { default?: unknown } = await import(url);
  if (!isWorker(module.default)) throw new Error(`${url} has no fetch handler`);
  return module.default;
}
