/** Regions in which automatic face detection is off: FACE_DETECTION_EXCLUDED_REGIONS. */
import type { Config } from "../../../kernel/config.ts";

export interface Region {
  /** ISO 3166-1 alpha-2; null if unknown. */
  country: string | null;
  /** ISO 3166-2 without the country; null if unknown, and outside of the US. */
  state: string | null;
}

export function isExcludedRegion({ country, state }: Region, excluded: readonly string[]): boolean {
  if (country === null) return false;
  return excluded.includes(country) || (state !== null && excluded.includes(`${country}-${state}`));
}

/** Whether rules for states of the country exist although its state is unknown. */
export function isUndecidedRegion({ country, state }: Region, excluded: readonly string[]): boolean {
  return country !== null && state === null && excluded.some((region) => region.startsWith(`${country}-`));
}

/**
 * Whether a user may turn on automatic face detection: a recognizer is configured, WORKERS_PLAN allows the images that
 * it reads, and the user's home is in no excluded region.
 */
export function isDetectionAvailable(
  { faceRecognizer, workersPlan, faceDetectionExcludedRegions }: Config,
  home: { homeCountry: string | null; homeSubdivision: string | null },
): boolean {
  if (faceRecognizer.kind === "none" || workersPlan === "free") return false;
  return !isExcludedRegion({ country: home.homeCountry, state: home.homeSubdivision }, faceDetectionExcludedRegions);
}
