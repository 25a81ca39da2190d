/**
 * The offline finder's place with a Nominatim server's detail. City, state and country are the offline finder's wherever it has
 * them, so that one library does not spell a city in two ways according to which server was up.
 */
import { askNominatim, type NominatimSettings } from "./nominatim.ts";
import { PartialPlace } from "./partialPlace.ts";
import type { PlaceFinder } from "./placeFinder.ts";

export function detailedPlaces(offline: PlaceFinder, settings: NominatimSettings): PlaceFinder {
  return {
    find: async (latitude, longitude) => {
      const place = await offline.find(latitude, longitude);
      // The high seas have no detail that is worth telling anyone where the picture was taken.
      if (place === null) return null;
      const answer = await askNominatim(settings, latitude, longitude);
      if (answer.kind === "nothing") return place;
      if (answer.kind === "misconfigured") throw new PartialPlace(place, "not_configured", answer.reason);
      if (answer.kind === "passing") {
        const { reason, retryAfterSeconds } = answer;
        throw new PartialPlace(
          place,
          "rate_limited",
          reason,
          retryAfterSeconds === undefined ? {} : { retryAfterSeconds },
        );
      }
      const { placeName, sublocation, city, state } = answer.detail;
      return { ...place, placeName, sublocation, city: place.city ?? city, state: place.state ?? state };
    },
  };
}
