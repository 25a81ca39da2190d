/** Puts names to the place of an asset's coordinates. What the file or a person says of the place is elsewhere and stays. */
import { PartialPlace } from "../../../providers/places/partialPlace.ts";
import type { Place, PlaceFinder } from "../../../providers/places/placeFinder.ts";
import { zoneAt } from "../../../providers/places/timeZones/timeZones.ts";
import type { Asset } from "../../../records/assets/assets.ts";
import { derivedColumn, positionOf, type Position } from "../../../records/assets/metadata.ts";
import { placeAsset } from "../../assets/metadataUpdates.ts";
import type { Outcome, WorkDeps } from "../taskOutcome.ts";

type Deps = Pick<WorkDeps, "db" | "nowMs">;

/** What is known without its detail is kept, beside the detail of an earlier try; the rest is tried again, or given up. */
async function settleFor(deps: Deps, asset: Asset, position: Position, partial: PartialPlace): Promise<Outcome> {
  const { place } = partial;
  const timezone = zoneAt(position.latitude, position.longitude, place.countryCode);
  await placeAsset(deps, asset, { ...asset.layers.derived, ...derivedColumn(place), timezone });
  if (partial.code === "not_configured") return { kind: "impossible", reason: partial.message };
  throw partial;
}

async function find(finder: PlaceFinder, { latitude, longitude }: Position): Promise<Place | null | PartialPlace> {
  try {
    return await finder.find(latitude, longitude);
  } catch (error) {
    if (error instanceof PartialPlace) return error;
    throw error;
  }
}

export async function runReverseGeocoding(deps: Deps, asset: Asset, finder: PlaceFinder | null): Promise<Outcome> {
  const position = positionOf(asset.layers);
  if (position === null) return { kind: "skipped", reason: "it has no coordinates" };
  if (finder === null) return { kind: "skipped", reason: "there is no data to name places by" };
  const found = await find(finder, position);
  if (found instanceof PartialPlace) return await settleFor(deps, asset, position, found);
  const timezone = zoneAt(position.latitude, position.longitude, found?.countryCode);
  await placeAsset(deps, asset, { ...found, timezone });
  return { kind: "done", result: found === null ? "no place is known at these coordinates" : null };
}
