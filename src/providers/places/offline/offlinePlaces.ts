/** Names places from the data that ships with the project. Asks no one: coordinates stay in the deployment. */
import { countryNames } from "./countryNames.ts";
import { lookUp } from "./lookup.ts";
import type { PlaceFinder } from "../placeFinder.ts";
import type { TileReader } from "./tileCache.ts";

export function offlinePlaces(readTile: TileReader): PlaceFinder {
  return {
    find: async (latitude, eastOrWest) => {
      if (!(Math.abs(latitude) <= 90 && Math.abs(eastOrWest) <= 180)) return null;
      // The date line has two names, and outlines end at the eastern one.
      const longitude = eastOrWest === 180 ? -180 : eastOrWest;
      const found = lookUp(await readTile(latitude, longitude), latitude, longitude);
      if (found === null) return null;
      const country = countryNames[found.countryCode] ?? null;
      return { ...found, country, sublocation: null, placeName: null };
    },
  };
}
