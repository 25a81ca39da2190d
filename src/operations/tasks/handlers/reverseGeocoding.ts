import { PartialPlaceError, type Place, type PlaceFinder } from "../../../providers/places/placeFinder.ts";
import { timeZoneAt } from "../../../providers/places/timeZones.ts";
import type { Asset } from "../../../records/assets/assets.ts";
import { serializeDerived, positionOf, type Position } from "../../../records/assets/metadata/metadata.ts";
import { retryOutcome, type TaskOutcome } from "../taskOutcome.ts";
import type { Context } from "../../context.ts";

/** Keeps a place without detail beside the detail of an earlier attempt, then retries or fails. */
function partialOutcome(asset: Asset, position: Position, partial: PartialPlaceError): TaskOutcome {
  const { place } = partial;
  const timezone = timeZoneAt(position.latitude, position.longitude, place.countryCode);
  const change = { place: { ...asset.sources.derived, ...serializeDerived(place), timezone } };
  if (partial.code === "not_configured") return { kind: "failed", reason: partial.message, change };
  return { ...retryOutcome(partial), change };
}

async function findPlace(
  finder: PlaceFinder,
  { latitude, longitude }: Position,
): Promise<Place | null | PartialPlaceError> {
  try {
    return await finder.find(latitude, longitude);
  } catch (error) {
    if (error instanceof PartialPlaceError) return error;
    throw error;
  }
}

/** Finds the place names and the time zone of an asset's coordinates. Names from the file or a user are kept. */
export async function runReverseGeocoding(context: Context, asset: Asset): Promise<TaskOutcome> {
  const { placeFinder } = context;
  const position = positionOf(asset.sources);
  if (position === null) return { kind: "skipped", reason: "the asset has no coordinates" };
  if (placeFinder === null) return { kind: "skipped", reason: "no geocoding data is available" };
  const place = await findPlace(placeFinder, position);
  if (place instanceof PartialPlaceError) return partialOutcome(asset, position, place);
  const timezone = timeZoneAt(position.latitude, position.longitude, place?.countryCode);
  const result = place === null ? "no place found at these coordinates" : null;
  return { kind: "done", result, change: { place: { ...place, timezone } } };
}
