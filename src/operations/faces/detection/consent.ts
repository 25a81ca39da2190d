/** Whether automatic face detection may run for an asset: docs/faces.md. */
import { US_STATES } from "../../../kernel/regions/usStates.ts";
import { PartialPlaceError } from "../../../providers/places/placeFinder.ts";
import type { Asset } from "../../../records/assets/assets.ts";
import { positionOf } from "../../../records/assets/metadata/metadata.ts";
import type { DetectionSettings } from "../../../records/faces/detection.ts";
import type { Context } from "../../context.ts";
import { isExcludedRegion, isUndecidedRegion, type Region } from "./excludedRegions.ts";

/** Outcomes of the task `face_detection`. */
export type DetectionOutcome =
  | "ran"
  | "skipped_photo_location"
  | "skipped_location_unread"
  | "skipped_owner_off"
  | "skipped_owner_region";

export interface Refusal {
  outcome: DetectionOutcome;
  reason: string;
}

interface Place {
  countryCode: string | null;
  state: string | null;
}

function regionOf({ countryCode, state }: Place): Region {
  return { country: countryCode, state: (countryCode === "US" && state !== null && US_STATES[state]) || null };
}

/** The place of the photo's coordinates. Null on the high seas; undefined if it can't be found. */
async function placeOf({ placeFinder }: Context, asset: Asset): Promise<Place | null | undefined> {
  const position = positionOf(asset.sources);
  if (position === null) return null;
  const { derived } = asset.sources;
  if (derived.countryCode !== null) return derived;
  if (placeFinder === null) return undefined;
  try {
    return await placeFinder.find(position.latitude, position.longitude);
  } catch (error) {
    if (error instanceof PartialPlaceError) return error.place;
    throw error;
  }
}

/**
 * Returns why detection may not run, or null. The library's owner must have turned it on, and neither the owner's home
 * nor the photo's coordinates may be in an excluded region. Throws a place finder's transient errors.
 */
export async function detectionRefusal(
  context: Context,
  asset: Asset,
  { preference, homeCountry, homeSubdivision }: DetectionSettings,
): Promise<Refusal | null> {
  if (preference !== true) {
    const choice = preference === null ? "has not turned on" : "has turned off";
    return { outcome: "skipped_owner_off", reason: `the library's owner ${choice} face detection` };
  }
  const excluded = context.config.faceDetectionExcludedRegions;
  if (isExcludedRegion({ country: homeCountry, state: homeSubdivision }, excluded)) {
    return {
      outcome: "skipped_owner_region",
      reason: "face detection is off in the home region of the library's owner",
    };
  }
  const place = excluded.length === 0 ? null : await placeOf(context, asset);
  if (place === null) return null;
  const region = place === undefined ? null : regionOf(place);
  if (region === null || isUndecidedRegion(region, excluded)) {
    return { outcome: "skipped_location_unread", reason: "the place of the photo's coordinates is unknown" };
  }
  if (!isExcludedRegion(region, excluded)) return null;
  return { outcome: "skipped_photo_location", reason: "face detection is off where the photo was taken" };
}
