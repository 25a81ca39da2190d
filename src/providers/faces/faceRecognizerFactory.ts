import type { Config } from "../../kernel/config.ts";
import type { FaceRecognizer } from "./faceRecognizer.ts";
import { immichMlRecognizer } from "./immichMl.ts";

/** Creates the configured recognizer of faces; null if faces are not recognized. */
export function createFaceRecognizer(
  config: Pick<Config, "faceRecognizer">,
  _env: Pick<Cloudflare.Env, "ASSETS">,
): FaceRecognizer | null {
  const { faceRecognizer } = config;
  if (faceRecognizer.kind === "none") return null;
  if (faceRecognizer.kind === "immich-ml") return immichMlRecognizer(faceRecognizer);
  return null;
}
