/** Says where on Earth a pair of coordinates is, in words. One interface; where the words come from is its implementations' matter. */

import type { Config } from "../../kernel/config.ts";
import { detailedPlaces } from "./detailedPlaces.ts";
import { offlinePlaces } from "./offline/offlinePlaces.ts";
import { keptTiles, tileReader } from "./offline/tileCache.ts";

/** Null where nothing is known: nothing in it is ever a guess at a name. */
export interface Place {
  city: string | null;
  /** First-level division: a state, a province, a canton. */
  state: string | null;
  country: string | null;
  /** ISO 3166-1 alpha-2. */
  countryCode: string | null;
  /** A district, a quarter. */
  sublocation: string | null;
  /** A landmark, a building. */
  placeName: string | null;
}

export interface PlaceFinder {
  /**
   * Degrees, WGS 84. Null on the high seas and for coordinates that are none.
   * Throws a PartialPlace when the place is known and only its detail is not, and anything else on what may pass.
   */
  find(latitude: number, longitude: number): Promise<Place | null>;
}

/** For as long as the isolate lives. */
const kept = keptTiles();

export function placeFinderOf(config: Pick<Config, "geocoder">, env: Pick<Cloudflare.Env, "ASSETS">): PlaceFinder {
  const offline = offlinePlaces(tileReader(env.ASSETS, kept));
  return config.geocoder.kind === "nominatim" ? detailedPlaces(offline, config.geocoder) : offline;
}
