import { env } from "cloudflare:workers";
import { describe, expect, inject, it } from "vitest";
import { parseConfig } from "../../../src/kernel/config.ts";
import { detailedPlaces } from "../../../src/providers/places/detailedPlaces.ts";
import { reverseGeocode, type NominatimSettings } from "../../../src/providers/places/nominatim.ts";
import { PartialPlaceError, type Place, type PlaceFinder } from "../../../src/providers/places/placeFinder.ts";
import { createPlaceFinder } from "../../../src/providers/places/placeFinderFactory.ts";

const PARIS: Place = {
  city: "Paris",
  state: "Île-de-France",
  country: "France",
  countryCode: "FR",
  sublocation: null,
  placeName: null,
};

function settingsFor(behaviour: string, more: Partial<NominatimSettings> = {}): NominatimSettings {
  const baseUrl = `${inject("placeServerUrl")}/${behaviour}`;
  return { baseUrl, apiKey: null, email: null, language: "en", timeoutMs: 2_000, ...more };
}

function fixedFinder(place: Place | null): PlaceFinder {
  return { find: async () => place };
}

async function find(
  behaviour: string,
  place: Place | null = PARIS,
  more: Partial<NominatimSettings> = {},
): Promise<Place | null> {
  return await detailedPlaces(fixedFinder(place), settingsFor(behaviour, more)).find(48.8584, 2.2945);
}

async function failureOf(behaviour: string, more: Partial<NominatimSettings> = {}): Promise<PartialPlaceError> {
  const error: unknown = await find(behaviour, PARIS, more).catch((thrown: unknown) => thrown);
  if (!(error instanceof PartialPlaceError)) {
    throw new Error(`${behaviour} did not throw a PartialPlaceError`, { cause: error });
  }
  return error;
}

describe("Nominatim geocoder", () => {
  it("adds the landmark and the district and keeps city, state and country of the bundled data", async () => {
    expect(await find("tower")).toEqual({ ...PARIS, placeName: "Eiffel Tower", sublocation: "7th Arrondissement" });
  });

  it("fills city and state if the bundled data has none", async () => {
    const ice = { ...PARIS, city: null, state: null, country: "Greenland", countryCode: "GL" };
    expect(await find("wilderness", ice)).toEqual({ ...ice, placeName: "Pico", city: "Sermersooq", state: "Ice" });
    expect(await find("invalid-names", ice)).toMatchObject({ city: null, state: null, sublocation: null });
  });

  it("counts a square as a landmark but not a street", async () => {
    expect(await find("street")).toEqual({ ...PARIS, placeName: null, sublocation: "Hill" });
    expect(await find("square")).toEqual({ ...PARIS, placeName: "Trafalgar Square", sublocation: "Westminster" });
  });

  it("reads the older JSON format", async () => {
    expect(await find("older-format")).toEqual({ ...PARIS, placeName: "Castle", sublocation: null });
  });

  it("truncates long names and ignores names that are not strings", async () => {
    const place = await find("invalid-names");
    expect(place?.placeName).toHaveLength(200);
    expect(place?.sublocation).toBeNull();
  });

  it("returns the bundled data's place if the server finds nothing", async () => {
    expect(await find("not-found")).toEqual(PARIS);
    expect(await find("not-found-404")).toEqual(PARIS);
  });

  it("sends no request for the high seas", async () => {
    expect(await find("server-error", null)).toBeNull();
  });

  it("sends contact, language and coordinates with seven decimals and without an exponent", async () => {
    const result = await reverseGeocode(
      settingsFor("echo", { apiKey: "k&y=1", email: "me@example.com", language: "de, en;q=0.5" }),
      -0.0000001234,
      179.99999999,
    );
    if (result.kind !== "detail") throw new Error(JSON.stringify(result));
    const { placeName, sublocation, city, state } = result.detail;
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

  it("sends the key and redacts it in error messages", async () => {
    expect(await find("locked", PARIS, { apiKey: "right-key" })).toMatchObject({ placeName: "Eiffel Tower" });
    const { code, message } = await failureOf("locked", { apiKey: "secret-key" });
    expect([code, message]).toEqual(["not_configured", "the geocoder responded with 401: Invalid key: [key]"]);
  });

  it("throws rate_limited with the bundled data's place on transient failures", async () => {
    const behaviours = ["rate-limited", "rate-limited-no-seconds", "server-error", "disconnect", "slow", "slow-body"];
    for (const behaviour of behaviours) {
      const { code, place, message } = await failureOf(behaviour, { timeoutMs: 300 });
      expect([code, place], behaviour).toEqual(["rate_limited", PARIS]);
      expect(message, behaviour).toMatch(/^the geocoder /);
    }
    const unreachable = detailedPlaces(fixedFinder(PARIS), settingsFor("", { baseUrl: "http://127.0.0.1:1" }));
    await expect(unreachable.find(1, 1)).rejects.toMatchObject({ code: "rate_limited", place: PARIS });
  });

  it("passes on the seconds of Retry-After, at most an hour", async () => {
    expect((await failureOf("rate-limited")).retryAfterSeconds).toBe(17);
    expect((await failureOf("rate-limited-no-seconds")).retryAfterSeconds).toBeUndefined();
    expect((await failureOf("rate-limited-long")).retryAfterSeconds).toBe(3600);
  });

  it("throws not_configured for a refusal and for a response that is not a Nominatim result", async () => {
    const reasons: Record<string, string> = {
      blocked: "the geocoder responded with 403",
      "bad-request": "the geocoder responded with 400: Parameter 'lat' must be a number",
      moved: "the geocoder responded with 302",
      "no-such-path": "the geocoder responded with 404: 404 page not found",
      html: "the geocoder's response is not a Nominatim result",
      "other-json": "the geocoder's response is not a Nominatim result",
      "null-json": "the geocoder's response is not a Nominatim result",
      huge: "the geocoder's response is not a Nominatim result",
    };
    for (const [behaviour, reason] of Object.entries(reasons)) {
      const { code, message, place } = await failureOf(behaviour);
      expect([code, message, place], behaviour).toEqual(["not_configured", reason, PARIS]);
    }
  });

  it("is used with the bundled data if GEOCODER is nominatim", async () => {
    const secrets = { ROOT_API_KEY: "x".repeat(32), MEDIA_SIGNING_KEY: "y".repeat(32) };
    const config = parseConfig({
      ...secrets,
      GEOCODER: "nominatim",
      GEOCODER_URL: `${inject("placeServerUrl")}/tower/`,
    });
    expect(await createPlaceFinder(config, env).find(48.8584, 2.2945)).toEqual({
      ...PARIS,
      placeName: "Eiffel Tower",
      sublocation: "7th Arrondissement",
    });
  });
});
