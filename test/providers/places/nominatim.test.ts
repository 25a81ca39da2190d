import { env } from "cloudflare:workers";
import { describe, expect, inject, it } from "vitest";
import { parseConfig } from "../../../src/kernel/config.ts";
import { detailedPlaces } from "../../../src/providers/places/detailedPlaces.ts";
import { askNominatim, type NominatimSettings } from "../../../src/providers/places/nominatim.ts";
import { PartialPlace } from "../../../src/providers/places/partialPlace.ts";
import { placeFinderOf, type Place, type PlaceFinder } from "../../../src/providers/places/placeFinder.ts";

const PARIS: Place = {
  city: "Paris",
  state: "Île-de-France",
  country: "France",
  countryCode: "FR",
  sublocation: null,
  placeName: null,
};

function settings(behaviour: string, more: Partial<NominatimSettings> = {}): NominatimSettings {
  const baseUrl = `${inject("placeServerUrl")}/${behaviour}`;
  return { baseUrl, apiKey: null, email: null, language: "en", timeoutMs: 2_000, ...more };
}

function knowing(place: Place | null): PlaceFinder {
  return { find: async () => place };
}

async function find(
  behaviour: string,
  place: Place | null = PARIS,
  more: Partial<NominatimSettings> = {},
): Promise<Place | null> {
  return await detailedPlaces(knowing(place), settings(behaviour, more)).find(48.8584, 2.2945);
}

async function failureOf(behaviour: string, more: Partial<NominatimSettings> = {}): Promise<PartialPlace> {
  const error: unknown = await find(behaviour, PARIS, more).catch((thrown: unknown) => thrown);
  if (!(error instanceof PartialPlace))
    throw new Error(`${behaviour} did not fail as a PartialPlace`, { cause: error });
  return error;
}

describe("a Nominatim server", () => {
  it("adds the landmark and the district, and leaves city, state and country to the offline finder", async () => {
    expect(await find("tower")).toEqual({ ...PARIS, placeName: "Eiffel Tower", sublocation: "7th Arrondissement" });
  });

  it("names the city and the state where the offline finder knows none", async () => {
    const ice = { ...PARIS, city: null, state: null, country: "Greenland", countryCode: "GL" };
    expect(await find("wilderness", ice)).toEqual({ ...ice, placeName: "Pico", city: "Sermersooq", state: "Ice" });
    expect(await find("odd", ice)).toMatchObject({ city: null, state: null, sublocation: null });
  });

  it("has no landmark to name where only a street is near; a square is one", async () => {
    expect(await find("street")).toEqual({ ...PARIS, placeName: null, sublocation: "Hill" });
    expect(await find("square")).toEqual({ ...PARIS, placeName: "Trafalgar Square", sublocation: "Westminster" });
  });

  it("may answer in the older form", async () => {
    expect(await find("older")).toEqual({ ...PARIS, placeName: "Castle", sublocation: null });
  });

  it("may have names of any length and kind, which are cut or dropped", async () => {
    const place = await find("odd");
    expect(place?.placeName).toHaveLength(200);
    expect(place?.sublocation).toBeNull();
  });

  it("may know of nothing there", async () => {
    expect(await find("nowhere")).toEqual(PARIS);
    expect(await find("nowhere-404")).toEqual(PARIS);
  });

  it("is not asked about the high seas", async () => {
    expect(await find("broken", null)).toBeNull();
  });

  it("is told who asks, in which language, and the coordinates to the centimetre without an exponent", async () => {
    const answer = await askNominatim(
      settings("echo", { apiKey: "k&y=1", email: "me@example.com", language: "de, en;q=0.5" }),
      -0.0000001234,
      179.99999999,
    );
    if (answer.kind !== "detail") throw new Error(JSON.stringify(answer));
    const { placeName, sublocation, city, state } = answer.detail;
    expect(JSON.parse([placeName, sublocation, city, state].join(""))).toEqual({
      method: "GET",
      path: "/echo/reverse",
      query: {
        format: "jsonv2",
        lat: "-0.0000001",
        lon: "180.0000000",
        zoom: "18",
        addressdetails: "1",
        "accept-language": "de, en;q=0.5",
        email: "me@example.com",
        key: "k&y=1",
      },
      userAgent: "Tintype (me@example.com)",
      authorization: "Bearer k&y=1",
    });
  });

  it("opens with the right key, and its refusal does not repeat a wrong one", async () => {
    expect(await find("locked", PARIS, { apiKey: "right-key" })).toMatchObject({ placeName: "Eiffel Tower" });
    const { code, message } = await failureOf("locked", { apiKey: "secret-key" });
    expect([code, message]).toEqual(["not_configured", "the geocoder answered 401: Invalid key: [key]"]);
  });

  it("that is overloaded, down or slow is worth another try, and what is known is not lost", async () => {
    for (const behaviour of ["rate-limited", "rate-limited-mutely", "broken", "hangs-up", "slow", "slow-body"]) {
      const { code, place, message } = await failureOf(behaviour, { timeoutMs: 300 });
      expect([code, place], behaviour).toEqual(["rate_limited", PARIS]);
      expect(message, behaviour).toMatch(/^the geocoder /);
    }
    const closed = detailedPlaces(knowing(PARIS), settings("", { baseUrl: "http://127.0.0.1:1" }));
    await expect(closed.find(1, 1)).rejects.toMatchObject({ code: "rate_limited", place: PARIS });
  });

  it("says how long to wait, and is heeded for an hour at most", async () => {
    expect((await failureOf("rate-limited")).retryAfterSeconds).toBe(17);
    expect((await failureOf("rate-limited-mutely")).retryAfterSeconds).toBeUndefined();
    expect((await failureOf("rate-limited-long")).retryAfterSeconds).toBe(3600);
  });

  it("that refuses, or is none, is a matter of settings", async () => {
    const reasons: Record<string, string> = {
      blocked: "the geocoder answered 403",
      "bad-request": "the geocoder answered 400: Parameter 'lat' must be a number",
      moved: "the geocoder answered 302",
      unheard: "the geocoder answered 404: 404 page not found",
      html: "the geocoder answered with something that is no place",
      "other-json": "the geocoder answered with something that is no place",
      "null-json": "the geocoder answered with something that is no place",
      huge: "the geocoder answered with something that is no place",
    };
    for (const [behaviour, reason] of Object.entries(reasons)) {
      const { code, message, place } = await failureOf(behaviour);
      expect([code, message, place], behaviour).toEqual(["not_configured", reason, PARIS]);
    }
  });

  it("is used by a deployment that configures it, beside the data that ships with it", async () => {
    const secrets = { ROOT_API_KEY: "x".repeat(32), MEDIA_SIGNING_KEY: "y".repeat(32) };
    const config = parseConfig({
      ...secrets,
      GEOCODER: "nominatim",
      GEOCODER_URL: `${inject("placeServerUrl")}/tower/`,
    });
    expect(await placeFinderOf(config, env).find(48.8584, 2.2945)).toEqual({
      ...PARIS,
      placeName: "Eiffel Tower",
      sublocation: "7th Arrondissement",
    });
  });
});
