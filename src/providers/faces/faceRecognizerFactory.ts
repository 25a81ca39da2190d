import type { Config } from "../../kernel/config.ts";
import type { FaceRecognizer } from "./faceRecognizer.ts";

/** Creates the configured recognizer of faces; null if faces are not recognized. */
export function createFaceRecognizer(
  config: Pick<Config, "faceRecognizer">,
  _env: Pick<Cloudflare.Env, "ASSETS">,
): FaceRecognizer | null {
  if (config.faceRecognizer.kind === "none") return null;
  return null;
}
