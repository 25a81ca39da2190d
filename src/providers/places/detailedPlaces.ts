import { reverseGeocode, type NominatimSettings } from "./nominatim.ts";
import { PartialPlaceError, type PlaceFinder } from "./placeFinder.ts";

/**
 * Adds a Nominatim server's landmark and district to the places of `offline`. The server's city and state only fill
 * gaps, so that a library has one spelling per city regardless of the server's availability.
 */
export function detailedPlaces(offline: PlaceFinder, settings: NominatimSettings): PlaceFinder {
  return {
    find: async (latitude, longitude) => {
      const place = await offline.find(latitude, longitude);
      // The high seas have no detail, so these coordinates stay inside the deployment.
      if (place === null) return null;
      const result = await reverseGeocode(settings, latitude, longitude);
      if (result.kind === "not_found") return place;
      if (result.kind === "misconfigured") throw new PartialPlaceError(place, "not_configured", result.reason);
      if (result.kind === "transient") {
        const { kind: _kind, reason, ...pause } = result;
        throw new PartialPlaceError(place, "rate_limited", reason, pause);
      }
      const { placeName, sublocation, city, state } = result.detail;
      return { ...place, placeName, sublocation, city: place.city ?? city, state: place.state ?? state };
    },
  };
}
