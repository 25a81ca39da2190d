/** Loads the networks from the deployment's static assets, once per isolate. */
import { parseNetworkFile, type NetworkFile } from "../network/networkFile.ts";
import { createFaceKernel, type FaceKernel, type FaceModels } from "./faceKernel.ts";

/** The assets binding ignores the host. */
const BASE_URL = "https://assets.local/models";

/** Runs work on the isolate's only kernel; each run waits for the one before. */
export type WithFaceKernel = <Result>(work: (kernel: FaceKernel) => Promise<Result>) => Promise<Result>;

/** The models of an isolate, their kernel, and the run that uses it. */
export interface FaceKernelSlot {
  models: FaceModels | null;
  /** The kernel of the last run, unless the garbage collector has freed its memory since. */
  kernel: WeakRef<FaceKernel> | null;
  run: { startedMs: number } | null;
}

/** Creates a slot without models. */
export function createFaceKernelSlot(): FaceKernelSlot {
  return { models: null, kernel: null, run: null };
}

/** A run that takes longer was ended with its request: its kernel is left to the garbage collector. */
export const MAX_FACE_RUN_MS = 120_000;
const POLL_MS = 5;

async function readModel(assets: Pick<Fetcher, "fetch">, name: string): Promise<NetworkFile> {
  const response = await assets.fetch(`${BASE_URL}/${name}.bin`);
  if (!response.ok) throw new Error(`failed to load the face models: ${name}.bin responded with ${response.status}`);
  return parseNetworkFile(new Uint8Array(await response.arrayBuffer()));
}

async function readModels(assets: Pick<Fetcher, "fetch">): Promise<FaceModels> {
  const detector = await readModel(assets, "detector");
  const landmarks = await readModel(assets, "landmarks");
  const embedder = await readModel(assets, "embedder");
  return { detector, landmarks, embedder };
}

/** The kernel of the last run, or a new one: starting it takes 15 ms of CPU. */
function takeKernel(slot: FaceKernelSlot, models: FaceModels): FaceKernel {
  const kernel = slot.kernel?.deref() ?? createFaceKernel(models);
  slot.kernel = new WeakRef(kernel);
  return kernel;
}

/** Waits until no run uses the kernel, and registers a new one. */
async function startRun(slot: FaceKernelSlot): Promise<{ startedMs: number }> {
  while (slot.run !== null && Date.now() - slot.run.startedMs <= MAX_FACE_RUN_MS) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  if (slot.run !== null) slot.kernel = null;
  slot.run = { startedMs: Date.now() };
  return slot.run;
}

/**
 * Gives work the kernel of `slot`. A second kernel would take too much of the isolate's memory, so work of concurrent
 * requests waits. It polls: workerd forbids awaiting a promise of another request.
 */
export function faceKernelOf(assets: Pick<Fetcher, "fetch">, slot: FaceKernelSlot): WithFaceKernel {
  return async (work) => {
    const run = await startRun(slot);
    try {
      slot.models ??= await readModels(assets);
      return await work(takeKernel(slot, slot.models));
    } finally {
      if (slot.run === run) slot.run = null;
    }
  };
}
