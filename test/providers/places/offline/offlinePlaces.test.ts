import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { parseConfig } from "../../../../src/kernel/config.ts";
import { countryNames } from "../../../../src/providers/places/offline/countryNames.ts";
import { offlinePlaces } from "../../../../src/providers/places/offline/offlinePlaces.ts";
import { placeFinderOf, type Place } from "../../../../src/providers/places/placeFinder.ts";
import { distanceKm, FARTHEST_KM } from "../../../../src/providers/places/offline/influenceRadius.ts";
import { cellAt, isInside, tileSchema } from "../../../../src/providers/places/offline/tile.ts";
import { keptTiles, tileReader } from "../../../../src/providers/places/offline/tileCache.ts";
import { knownPlaces } from "../../../support/knownPlaces.ts";

const finder = offlinePlaces(tileReader(env.ASSETS, keptTiles()));

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

/** The deployment's assets, counted, and failing where a test says so. */
function watched(answer: (path: string) => Response | null = () => null): {
  assets: Pick<Fetcher, "fetch">;
  paths: string[];
} {
  const paths: string[] = [];
  const fetch: Fetcher["fetch"] = async (input) => {
    const url = new URL(input instanceof Request ? input.url : input);
    paths.push(url.pathname);
    return answer(url.pathname) ?? (await env.ASSETS.fetch(url));
  };
  return { assets: { fetch }, paths };
}

describe("the offline finder", () => {
  it("knows the country of every known place, and the city of 95 in 100", async () => {
    const wrongCountries: string[] = [];
    const wrongCities: string[] = [];
    for (const { name, latitude, longitude, countryCodes, cities } of knownPlaces) {
      const place = await find(latitude, longitude);
      const said = `${name}: ${place?.countryCode ?? "nowhere"} ${place?.city ?? "no city"}`;
      const isCountryRight =
        place === null ? countryCodes.length === 0 : countryCodes.includes(place.countryCode ?? "");
      if (!isCountryRight) wrongCountries.push(said);
      const city = place?.city ?? null;
      if (cities !== null && !(city === null ? cities.length === 0 : cities.includes(city))) wrongCities.push(said);
    }
    expect(wrongCountries).toEqual([]);
    const judged = knownPlaces.filter(({ cities }) => cities !== null).length;
    expect(judged).toBeGreaterThan(380);
    expect(wrongCities.length / judged, wrongCities.join("; ")).toBeLessThan(0.05);
  });

  it("gives a whole place, and leaves what it does not know null", async () => {
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

  it("knows which state of the US it is on both sides of a line", async () => {
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
    const said = await Promise.all(states.map(([latitude, longitude]) => find(latitude, longitude)));
    expect(said.map((place) => `${place?.city}, ${place?.state}`)).toEqual(
      states.map(([, , state, city]) => `${city}, ${state}`),
    );
  });

  it("never names a city of another country than the one it says", async () => {
    // Along the Rhine, from Basel to Strasbourg, and along the Rio Grande.
    for (let step = 0; step < 60; step += 1) {
      const rhine = await find(47.56 + step * 0.017, 7.55 + step * 0.0035);
      expect(["CH", "FR", "DE"]).toContain(rhine?.countryCode);
      const river = await find(31.75 - step * 0.05, -106.48 + step * 0.13);
      expect(["US", "MX"]).toContain(river?.countryCode);
    }
  });

  it("knows no place where there are no coordinates, and asks for no data to say so", async () => {
    const { assets, paths } = watched();
    const idle = offlinePlaces(tileReader(assets, keptTiles()));
    for (const bad of [Number.NaN, Infinity, -Infinity, 1e300, 180.0001])
      for (const [latitude, longitude] of [
        [bad, 0],
        [0, bad],
      ] as const)
        if (!(bad === 180.0001 && latitude === 0 && Math.abs(longitude) <= 180))
          expect(await idle.find(latitude, longitude)).toBeNull();
    expect(paths).toEqual([]);
  });

  it("answers at every corner of the map: poles, date line, null island, edges of tiles", async () => {
    for (const latitude of [-90, -45, 0, 45, 90, 22.5, 11.25])
      for (const longitude of [-180, -90, 0, 90, 180, 11.25, 5.625]) await find(latitude, longitude);
    expect((await find(-90, 0))?.country).toBe("Antarctica");
    // The same point from both sides of the line.
    expect(await find(-16.8, 180)).toEqual(await find(-16.8, -180));
  });

  it("is what a deployment uses unless another is configured", async () => {
    const config = parseConfig({ ROOT_API_KEY: "x".repeat(32), MEDIA_SIGNING_KEY: "y".repeat(32) });
    expect((await placeFinderOf(config, env).find(52.5163, 13.3777))?.city).toBe("Berlin");
  });
});

describe("the tiles", () => {
  it("cost two requests for the first picture, none for the next ones near it, and few are kept", async () => {
    const { assets, paths } = watched();
    const kept = keptTiles();
    const counted = offlinePlaces(tileReader(assets, kept));
    await counted.find(48.8584, 2.2945);
    expect(paths).toHaveLength(2);
    await counted.find(48.8867, 2.3431);
    expect(paths).toHaveLength(2);
    for (const { latitude, longitude } of knownPlaces) await counted.find(latitude, longitude);
    expect(kept.tiles.size).toBe(12);
    const last = knownPlaces.at(-1);
    const before = paths.length;
    await counted.find(last?.latitude ?? 0, last?.longitude ?? 0);
    expect(paths).toHaveLength(before);
  });

  it("that do not come, or come broken, are an error to try again on and never an answer", async () => {
    const broken: [string, () => Response][] = [
      ["500", () => new Response("oops", { status: 500 })],
      ["404", () => new Response("nothing here", { status: 404 })],
      ["", () => new Response("<html>")],
      ["", () => Response.json({})],
      ["", () => Response.json({ cells: "0123" })],
      ["", () => Response.json({ cells: ["x"], divisions: [], countries: [["FR", "x"]] })],
      ["", () => Response.json(null)],
    ];
    for (const part of ["index.json", ".json"]) {
      for (const [message, answer] of broken) {
        let fails = true;
        const { assets } = watched((path) => (fails && path.endsWith(part) ? answer() : null));
        const flaky = offlinePlaces(tileReader(assets, keptTiles()));
        await expect(flaky.find(48.8584, 2.2945)).rejects.toThrow(message);
        fails = false;
        expect((await flaky.find(48.8584, 2.2945))?.city).toBe("Paris");
      }
    }
  });

  it("cover the Earth once, stay under 100 KB, and use only countries that have a name", async () => {
    const cells = await readCells();
    const nested = [...cells].filter((cell) => [...cell].some((_, at) => cells.has(cell.slice(0, at))));
    expect(nested).toEqual([]);
    const uncovered: string[] = [];
    for (let latitude = -90; latitude <= 90; latitude += 2.5)
      for (let longitude = -180; longitude <= 180; longitude += 2.5)
        if (cellAt(cells, latitude, longitude) === null) uncovered.push(`${latitude} ${longitude}`);
    expect(uncovered).toEqual([]);
    const codes = new Set<string>();
    const broken: string[] = [];
    let bytes = 0;
    for (const cell of cells) {
      const response = await env.ASSETS.fetch(`https://assets.local/places/${cell}.json`);
      const text = await response.text();
      bytes += text.length;
      const { countries, divisions, names, cities, sections } = tileSchema.parse(JSON.parse(text));
      for (const [code] of [...countries, ...divisions]) codes.add(code);
      const isWhole =
        text.length < 100_000 &&
        cities.length === names.length * 4 &&
        sections.length % 4 === 0 &&
        cities.every((value, at) => at % 4 !== 2 || divisions[value] !== undefined) &&
        sections.every((value, at) => at % 4 !== 2 || names[value] !== undefined);
      if (!isWhole) broken.push(cell);
    }
    expect(broken).toEqual([]);
    expect(bytes).toBeLessThan(8_000_000);
    expect([...codes].filter((code) => countryNames[code] === undefined)).toEqual([]);
    expect(codes.size).toBeGreaterThan(248);
  });
});

describe("the map's own geometry", () => {
  it("knows land on both sides of the date line and on it, and no gap between", async () => {
    for (const longitude of [179.98, 179.9999, 180, -180, -179.9999, -179.995, -179.98]) {
      expect((await find(67.5, longitude))?.countryCode, `Chukotka ${longitude}`).toBe("RU");
      expect((await find(71.23, longitude))?.countryCode, `Wrangel Island ${longitude}`).toBe("RU");
    }
  });

  it("knows the state of far islands of Alaska and Hawaii", async () => {
    expect(await find(65.758, -168.953)).toMatchObject({ countryCode: "US", state: "Alaska" });
    expect(await find(57.12, -170.28)).toMatchObject({ countryCode: "US", state: "Alaska" });
    expect(await find(25.77, -171.73)).toMatchObject({ countryCode: "US", state: "Hawaii" });
    expect((await find(28.2072, -177.3735))?.countryCode).toBe("UM");
  });

  it("measures across the date line and over the poles", () => {
    expect(distanceKm(0, 179.9, 0, -179.9)).toBeCloseTo(22.2, 1);
    expect(distanceKm(48.8566, 2.3522, 48.8566, 2.3522)).toBe(0);
    expect(distanceKm(48.8566, 2.3522, 48.9362, 2.3574)).toBeCloseTo(8.86, 1);
    expect(distanceKm(89.99, 0, 89.99, 180)).toBeLessThan(FARTHEST_KM);
  });

  it("takes a hole for outside and what is in the hole for inside", () => {
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
