import type { Config } from "../../kernel/config.ts";
import { detailedPlaces } from "./detailedPlaces.ts";
import { offlinePlaces } from "./offline/offlinePlaces.ts";
import { createTileCache, tileReader } from "./offline/tileCache.ts";
import type { PlaceFinder } from "./placeFinder.ts";

/** Shared by all requests of an isolate. */
const tileCache = createTileCache();

/** Creates the configured geocoder: the bundled data alone, or with details from a Nominatim server. */
export function createPlaceFinder(config: Pick<Config, "geocoder">, env: Pick<Cloudflare.Env, "ASSETS">): PlaceFinder {
  const offline = offlinePlaces(tileReader(env.ASSETS, tileCache));
  return config.geocoder.kind === "nominatim" ? detailedPlaces(offline, config.geocoder) : offline;
}
