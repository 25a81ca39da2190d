/** Parses the settings of face recognition: who finds faces, and in which regions automatic detection is off. */
import { AppError } from "../errors.ts";
import { isCountry } from "../regions/homeRegion.ts";
import { US_STATES } from "../regions/usStates.ts";
import { text, type Vars } from "./vars.ts";

/** With `worker`, the default, images stay inside the deployment: docs/faces.md. */
export type FaceRecognizerConfig =
  | { kind: "worker" }
  | { kind: "none" }
  | {
      kind: "immich-ml";
      /** Without `/predict` and without a trailing slash. */
      baseUrl: string;
      model: string;
      apiKey: string | null;
    };

export interface FaceSettings {
  recognizer: FaceRecognizerConfig;
  /** ISO 3166-1 countries and `US-` with a state, in which automatic detection is off. */
  excludedRegions: string[];
}

/**
 * States whose laws demand written consent before face geometry is collected from photos: Illinois (740 ILCS 14) and
 * Texas (Bus. & Com. Code § 503.001).
 */
export const DEFAULT_EXCLUDED_REGIONS = ["US-IL", "US-TX"];
/** The default of Immich. */
export const DEFAULT_IMMICH_ML_FACE_MODEL = "buffalo_l";

const MODEL_NAME = /^[A-Za-z0-9._-]{1,100}$/;

function immichMl(vars: Vars): FaceRecognizerConfig {
  const url = text(vars, "IMMICH_ML_URL") ?? "";
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol) || /[?#@]/.test(url)) {
    throw new AppError("not_configured", "IMMICH_ML_URL must be an http(s) URL such as http://192.168.1.2:3003");
  }
  const model = text(vars, "IMMICH_ML_FACE_MODEL") ?? DEFAULT_IMMICH_ML_FACE_MODEL;
  if (!MODEL_NAME.test(model)) {
    throw new AppError(
      "not_configured",
      `IMMICH_ML_FACE_MODEL must be the name of a model such as buffalo_l, not "${model}"`,
    );
  }
  const baseUrl = url.replace(/\/+$/, "").replace(/\/predict$/, "");
  return { kind: "immich-ml", baseUrl, model, apiKey: text(vars, "IMMICH_ML_API_KEY") };
}

function recognizer(vars: Vars): FaceRecognizerConfig {
  const kind = text(vars, "FACE_RECOGNIZER") ?? "worker";
  if (kind === "worker" || kind === "none") return { kind };
  if (kind === "immich-ml") return immichMl(vars);
  throw new AppError("not_configured", `FACE_RECOGNIZER must be one of worker, immich-ml, none, not "${kind}"`);
}

function isRegion(region: string): boolean {
  const [country = "", state, ...rest] = region.split("-");
  if (state === undefined) return isCountry(country);
  return country === "US" && Object.values(US_STATES).includes(state) && rest.length === 0;
}

function excludedRegions(vars: Vars): string[] {
  const value = text(vars, "FACE_DETECTION_EXCLUDED_REGIONS");
  if (value === null) return DEFAULT_EXCLUDED_REGIONS;
  if (value === "none") return [];
  const regions = value.split(/[\s,]+/).filter((region) => region !== "");
  const wrong = regions.find((region) => !isRegion(region));
  if (wrong === undefined) return regions;
  const form = "none, or a list of countries and states of the US such as: US-IL, US-TX, DE";
  throw new AppError("not_configured", `FACE_DETECTION_EXCLUDED_REGIONS must be ${form}; not "${wrong}"`);
}

export function parseFaceSettings(vars: Vars): FaceSettings {
  return { recognizer: recognizer(vars), excludedRegions: excludedRegions(vars) };
}
