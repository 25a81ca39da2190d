import type { PlaceFinder } from "../placeFinder.ts";
import countryNames from "./countryNames.json" with { type: "json" };
import { lookUp } from "./lookup.ts";
import type { TileReader } from "./tileCache.ts";

const nameOfCountry = new Map(Object.entries(countryNames));

/** Names places from the bundled tiles. Coordinates never leave the deployment. */
export function offlinePlaces(readTile: TileReader): PlaceFinder {
  return {
    find: async (latitude, longitude) => {
      if (!(Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180)) return null;
      // Outlines use -180° for the date line.
      const west = longitude === 180 ? -180 : longitude;
      const result = lookUp(await readTile(latitude, west), latitude, west);
      if (result === null) return null;
      const country = nameOfCountry.get(result.countryCode) ?? null;
      return { ...result, country, sublocation: null, placeName: null };
    },
  };
}
