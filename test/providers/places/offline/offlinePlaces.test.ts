import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { parseConfig } from "../../../../src/kernel/config.ts";
import countryNames from "../../../../src/providers/places/offline/countryNames.json";
import { offlinePlaces } from "../../../../src/providers/places/offline/offlinePlaces.ts";
import type { Place } from "../../../../src/providers/places/placeFinder.ts";
import { createPlaceFinder } from "../../../../src/providers/places/placeFinderFactory.ts";
import { distanceKm, MAX_NAMING_DISTANCE_KM } from "../../../../src/providers/places/offline/influenceRadius.ts";
import { cellAt, isInside, tileSchema } from "../../../../src/providers/places/offline/tile.ts";
import { createTileCache, tileReader } from "../../../../src/providers/places/offline/tileCache.ts";
import { knownPlaces } from "../../../support/knownPlaces.ts";

const finder = offlinePlaces(tileReader(env.ASSETS, createTileCache()));

async function find(latitude: number, longitude: number): Promise<Place | null> {
  return await finder.find(latitude, longitude);
}

async function readAsset(name: string): Promise<unknown> {
  const response = await env.ASSETS.fetch(`https://assets.local/places/${name}.json`);
  return response.json();
}

async function readCells(): Promise<Set<string>> {
  return new Set(z.object({ cells: z.array(z.string()) }).parse(await readAsset("index")).cells);
}

/** The assets binding with recorded paths; `override` replaces its responses. */
function recordingAssets(override: (path: string) => Response | null = () => null): {
  assets: Pick<Fetcher, "fetch">;
  paths: string[];
} {
  const paths: string[] = [];
  const fetch: Fetcher["fetch"] = async (input) => {
    const url = new URL(input instanceof Request ? input.url : input);
    paths.push(url.pathname);
    return override(url.pathname) ?? (await env.ASSETS.fetch(url));
  };
  return { assets: { fetch }, paths };
}

describe("offline place finder", () => {
  it("finds the country of every known place and the city of at least 95 %", async () => {
    const wrongCountries: string[] = [];
    const wrongCities: string[] = [];
    for (const { name, latitude, longitude, countryCodes, cities } of knownPlaces) {
      const place = await find(latitude, longitude);
      const actual = `${name}: ${place?.countryCode ?? "no country"} ${place?.city ?? "no city"}`;
      const isCountryRight =
        place === null ? countryCodes.length === 0 : countryCodes.includes(place.countryCode ?? "");
      if (!isCountryRight) wrongCountries.push(actual);
      const city = place?.city ?? null;
      if (cities !== null && !(city === null ? cities.length === 0 : cities.includes(city))) wrongCities.push(actual);
    }
    expect(wrongCountries).toEqual([]);
    const checked = knownPlaces.filter(({ cities }) => cities !== null).length;
    expect(checked).toBeGreaterThan(380);
    expect(wrongCities.length / checked, wrongCities.join("; ")).toBeLessThan(0.05);
  });

  it("returns null for unknown fields, and null for the high seas", async () => {
    expect(await find(48.8584, 2.2945)).toEqual({
      city: "Paris",
      state: "Île-de-France",
      country: "France",
      countryCode: "FR",
      sublocation: null,
      placeName: null,
    });
    expect(await find(72, -40)).toEqual({
      city: null,
      state: null,
      country: "Greenland",
      countryCode: "GL",
      sublocation: null,
      placeName: null,
    });
    expect(await find(40, -40)).toBeNull();
  });

  it("finds the US state on both sides of a state line", async () => {
    const states: [number, number, string, string][] = [
      [40.7162, -74.033, "New Jersey", "Jersey City"],
      [40.7033, -74.017, "New York", "New York City"],
      [39.0997, -94.5786, "Missouri", "Kansas City"],
      [39.1141, -94.6275, "Kansas", "Kansas City"],
      [38.9442, -119.977, "California", "South Lake Tahoe"],
      [38.9602, -119.9427, "Nevada", "Kingsbury"],
      [36.5951, -82.1887, "Tennessee", "Bristol"],
      [38.8977, -77.0365, "District of Columbia", "Washington"],
      [38.8816, -77.091, "Virginia", "Arlington"],
      [33.4251, -94.0477, "Texas", "Texarkana"],
      [45.5152, -122.6784, "Oregon", "Portland"],
      [45.6257, -122.676, "Washington", "Vancouver"],
    ];
    const places = await Promise.all(states.map(([latitude, longitude]) => find(latitude, longitude)));
    expect(places.map((place) => `${place?.city}, ${place?.state}`)).toEqual(
      states.map(([, , state, city]) => `${city}, ${state}`),
    );
  });

  it("finds only the countries on either side along a border", async () => {
    // The Rhine from Basel to Strasbourg, and the Rio Grande.
    for (let step = 0; step < 60; step += 1) {
      const rhine = await find(47.56 + step * 0.017, 7.55 + step * 0.0035);
      expect(["CH", "FR", "DE"]).toContain(rhine?.countryCode);
      const rioGrande = await find(31.75 - step * 0.05, -106.48 + step * 0.13);
      expect(["US", "MX"]).toContain(rioGrande?.countryCode);
    }
  });

  it("returns null for invalid coordinates without loading data", async () => {
    const { assets, paths } = recordingAssets();
    const finderWithRecording = offlinePlaces(tileReader(assets, createTileCache()));
    for (const bad of [Number.NaN, Infinity, -Infinity, 1e300, 180.0001])
      for (const [latitude, longitude] of [
        [bad, 0],
        [0, bad],
      ] as const)
        if (!(bad === 180.0001 && latitude === 0 && Math.abs(longitude) <= 180))
          expect(await finderWithRecording.find(latitude, longitude)).toBeNull();
    expect(paths).toEqual([]);
  });

  it("works at poles, date line, null island and tile edges", async () => {
    for (const latitude of [-90, -45, 0, 45, 90, 22.5, 11.25])
      for (const longitude of [-180, -90, 0, 90, 180, 11.25, 5.625]) await find(latitude, longitude);
    expect((await find(-90, 0))?.country).toBe("Antarctica");
    // The same point with both longitudes of the date line.
    expect(await find(-16.8, 180)).toEqual(await find(-16.8, -180));
  });

  it("is the default of a deployment", async () => {
    const config = parseConfig({ ROOT_API_KEY: "x".repeat(32), MEDIA_SIGNING_KEY: "y".repeat(32) });
    expect((await createPlaceFinder(config, env).find(52.5163, 13.3777))?.city).toBe("Berlin");
  });
});

describe("tiles", () => {
  it("need two requests for the first place and none for nearby places, with 12 cached tiles", async () => {
    const { assets, paths } = recordingAssets();
    const cache = createTileCache();
    const recorded = offlinePlaces(tileReader(assets, cache));
    await recorded.find(48.8584, 2.2945);
    expect(paths).toHaveLength(2);
    await recorded.find(48.8867, 2.3431);
    expect(paths).toHaveLength(2);
    for (const { latitude, longitude } of knownPlaces) await recorded.find(latitude, longitude);
    expect(cache.tiles.size).toBe(12);
    const last = knownPlaces.at(-1);
    const before = paths.length;
    await recorded.find(last?.latitude ?? 0, last?.longitude ?? 0);
    expect(paths).toHaveLength(before);
  });

  it("throw when missing or invalid, and load after a retry", async () => {
    const invalidResponses: [string, () => Response][] = [
      ["500", () => new Response("oops", { status: 500 })],
      ["404", () => new Response("not found", { status: 404 })],
      ["", () => new Response("<html>")],
      ["", () => Response.json({})],
      ["", () => Response.json({ cells: "0123" })],
      ["", () => Response.json({ cells: ["x"], divisions: [], countries: [["FR", "x"]] })],
      ["", () => Response.json(null)],
    ];
    for (const part of ["index.json", ".json"]) {
      for (const [message, answer] of invalidResponses) {
        let fails = true;
        const { assets } = recordingAssets((path) => (fails && path.endsWith(part) ? answer() : null));
        const flaky = offlinePlaces(tileReader(assets, createTileCache()));
        await expect(flaky.find(48.8584, 2.2945)).rejects.toThrow(message);
        fails = false;
        expect((await flaky.find(48.8584, 2.2945))?.city).toBe("Paris");
      }
    }
  });

  it("cover the Earth once, stay under 100 KB and use only named countries", async () => {
    const cells = await readCells();
    const nested = [...cells].filter((cell) => [...cell].some((_, at) => cells.has(cell.slice(0, at))));
    expect(nested).toEqual([]);
    const uncovered: string[] = [];
    for (let latitude = -90; latitude <= 90; latitude += 2.5)
      for (let longitude = -180; longitude <= 180; longitude += 2.5)
        if (cellAt(cells, latitude, longitude) === null) uncovered.push(`${latitude} ${longitude}`);
    expect(uncovered).toEqual([]);
    const codes = new Set<string>();
    const inconsistent: string[] = [];
    let bytes = 0;
    for (const cell of cells) {
      const response = await env.ASSETS.fetch(`https://assets.local/places/${cell}.json`);
      const text = await response.text();
      bytes += text.length;
      const { countries, divisions, names, cities, sections } = tileSchema.parse(JSON.parse(text));
      for (const [code] of [...countries, ...divisions]) codes.add(code);
      const isConsistent =
        text.length < 100_000 &&
        cities.length === names.length * 4 &&
        sections.length % 4 === 0 &&
        cities.every((value, at) => at % 4 !== 2 || divisions[value] !== undefined) &&
        sections.every((value, at) => at % 4 !== 2 || names[value] !== undefined);
      if (!isConsistent) inconsistent.push(cell);
    }
    expect(inconsistent).toEqual([]);
    expect(bytes).toBeLessThan(8_000_000);
    expect([...codes].filter((code) => !(code in countryNames))).toEqual([]);
    expect(codes.size).toBeGreaterThan(248);
  });
});

describe("map geometry", () => {
  it("has no gap at the date line", async () => {
    for (const longitude of [179.98, 179.9999, 180, -180, -179.9999, -179.995, -179.98]) {
      expect((await find(67.5, longitude))?.countryCode, `Chukotka ${longitude}`).toBe("RU");
      expect((await find(71.23, longitude))?.countryCode, `Wrangel Island ${longitude}`).toBe("RU");
    }
  });

  it("finds the state of remote islands of Alaska and Hawaii", async () => {
    expect(await find(65.758, -168.953)).toMatchObject({ countryCode: "US", state: "Alaska" });
    expect(await find(57.12, -170.28)).toMatchObject({ countryCode: "US", state: "Alaska" });
    expect(await find(25.77, -171.73)).toMatchObject({ countryCode: "US", state: "Hawaii" });
    expect((await find(28.2072, -177.3735))?.countryCode).toBe("UM");
  });

  it("measures distances across the date line and the poles", () => {
    expect(distanceKm(0, 179.9, 0, -179.9)).toBeCloseTo(22.2, 1);
    expect(distanceKm(48.8566, 2.3522, 48.8566, 2.3522)).toBe(0);
    expect(distanceKm(48.8566, 2.3522, 48.9362, 2.3574)).toBeCloseTo(8.86, 1);
    expect(distanceKm(89.99, 0, 89.99, 180)).toBeLessThan(MAX_NAMING_DISTANCE_KM);
  });

  it("treats holes as outside and islands in holes as inside", () => {
    const square = (from: number, size: number): number[] => [from, from, size, 0, 0, size, -size, 0];
    const outlines = [square(0, 90_000), square(30_000, 30_000), square(40_000, 10_000)];
    expect(isInside(outlines, 1, 1)).toBe(true);
    expect(isInside(outlines, 3.5, 3.5)).toBe(false);
    expect(isInside(outlines, 4.5, 4.5)).toBe(true);
    expect(isInside(outlines, -1, 1)).toBe(false);
    expect(isInside([], 1, 1)).toBe(false);
    expect(isInside([[]], 1, 1)).toBe(false);
  });
});
