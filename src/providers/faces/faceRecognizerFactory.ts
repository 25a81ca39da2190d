import type { Config } from "../../kernel/config.ts";
import type { FaceRecognizer } from "./faceRecognizer.ts";
import { immichMlRecognizer } from "./immichMl.ts";
import { createFaceKernelSlot, faceKernelOf } from "./worker/loadFaceKernel.ts";
import { workerRecognizer } from "./worker/workerRecognizer.ts";

/** Shared by all requests of an isolate. */
const kernelSlot = createFaceKernelSlot();

/** Creates the configured recognizer of faces; null if faces are not recognized. */
export function createFaceRecognizer(
  config: Pick<Config, "faceRecognizer">,
  env: Pick<Cloudflare.Env, "ASSETS">,
): FaceRecognizer | null {
  const { faceRecognizer } = config;
  if (faceRecognizer.kind === "none") return null;
  if (faceRecognizer.kind === "immich-ml") return immichMlRecognizer(faceRecognizer);
  return workerRecognizer(faceKernelOf(env.ASSETS, kernelSlot));
}
