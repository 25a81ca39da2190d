import { describe, expect, it } from "vitest";
import {
  serializeDerived,
  effectiveMetadata,
  emptyMetadata,
  parseMetadataSources,
  positionOf,
  type Metadata,
} from "../../../../src/records/assets/metadata/metadata.ts";

function effective(columns: { file?: unknown; user?: unknown; derived?: unknown }): Metadata {
  return effectiveMetadata(parseMetadataSources({ file: {}, user: {}, derived: {}, ...columns }));
}

const file = {
  make: "Canon",
  description: "the file's",
  latitude: 39.1,
  longitude: -108.4,
  altitude: 1483.9,
  city: "Thompson Springs",
  state: "Utah",
  originalDatetime: { wallUs: 1, offsetMinutes: 60 },
};
const derived = { timezone: "America/Denver", city: "Mesa", country: "United States", countryCode: "US" };

describe("effective metadata", () => {
  it("uses the user's value, else the file's, else the derived one", () => {
    const metadata = effective({ file, derived, user: { description: "the user's" } });
    expect(metadata).toEqual({
      ...emptyMetadata(),
      ...file,
      description: "the user's",
      country: "United States",
      countryCode: "US",
      timezone: "America/Denver",
    });
  });

  it("is null where no source has a value", () => {
    expect(effective({})).toEqual(emptyMetadata());
  });

  it("falls back to the file's value field by field", () => {
    const user = { originalDatetime: { wallUs: 2, offsetMinutes: null }, description: "" };
    expect(effective({ file, user })).toMatchObject({
      description: "",
      originalDatetime: { wallUs: 2 },
      city: file.city,
    });
    expect(effective({ file, user: { description: null, originalDatetime: null } })).toMatchObject(file);
  });

  it("ignores the file's place and altitude if the user has set another position", () => {
    const user = { latitude: 52.5, longitude: 13.4 };
    expect(effective({ file, user })).toMatchObject({
      ...user,
      city: null,
      state: null,
      altitude: null,
      make: "Canon",
    });
    expect(effective({ file, user, derived: { city: "Berlin" } })).toMatchObject({ city: "Berlin", state: null });
    const same = { latitude: file.latitude, longitude: file.longitude };
    expect(effective({ file, user: same })).toMatchObject({ ...same, city: file.city, altitude: file.altitude });
  });

  it("never combines latitude and longitude of different sources", () => {
    expect(effective({ file, user: { latitude: 1 } })).toMatchObject({
      latitude: 39.1,
      longitude: -108.4,
      city: file.city,
    });
    expect(positionOf(parseMetadataSources({ file: { latitude: 1 }, user: { longitude: 2 }, derived: {} }))).toBeNull();
  });

  it("omits fields that are internal to a source", () => {
    expect(
      Object.keys(effective({ file: { ...file, captureTime: { wallUs: 5, offsetMinutes: 0 } } })).toSorted(),
    ).toEqual(Object.keys(emptyMetadata()).toSorted());
  });
});

describe("invalid metadata columns", () => {
  it.each([null, 7, "text", [], { description: 7 }, { latitude: "52" }, { originalDatetime: "2024" }])(
    "are treated as empty: %j",
    (column) => {
      expect(effective({ file: column, user: column, derived: { city: 5 } })).toEqual(emptyMetadata());
    },
  );

  it("keep the values that have the type of their field", () => {
    expect(effective({ file: { make: "Canon", iso: "100", originalDatetime: { wallUs: "1" }, rating: 5 } })).toEqual({
      ...emptyMetadata(),
      make: "Canon",
      rating: 5,
    });
  });

  it("distinguish a row without capture time from a file without capture time", () => {
    const captureTimeOf = (column: unknown) =>
      parseMetadataSources({ file: column, user: {}, derived: {} }).file.captureTime;
    expect(captureTimeOf({})).toBeUndefined();
    expect(captureTimeOf({ captureTime: null })).toBeNull();
    expect(captureTimeOf({ captureTime: { wallUs: 5 } })).toEqual({ wallUs: 5, offsetMinutes: null });
  });
});

describe("derived metadata", () => {
  it("is serialized in a fixed order without nulls, so that equal places are equal texts", () => {
    const one = serializeDerived({ country: "Germany", timezone: "Europe/Berlin", city: null });
    const two = serializeDerived({ sublocation: null, timezone: "Europe/Berlin", country: "Germany" });
    expect(JSON.stringify(one)).toBe('{"timezone":"Europe/Berlin","country":"Germany"}');
    expect(JSON.stringify(two)).toBe(JSON.stringify(one));
    expect(serializeDerived({ timezone: null })).toEqual({});
  });
});

describe("the effective rating", () => {
  it.each([
    { of: "neither source", file: null, user: null, rating: null },
    { of: "the file", file: 3, user: null, rating: 3 },
    { of: "the user, over the file's", file: 3, user: 5, rating: 5 },
    { of: "an unrated photo, which hides the file's", file: 3, user: 0, rating: 0 },
    { of: "a file that rejects the photo", file: -1, user: null, rating: 0 },
    { of: "a file on another scale", file: 99, user: null, rating: 0 },
    { of: "a file with a fraction", file: 4.5, user: null, rating: 0 },
    { of: "the user, over a rejected photo", file: -1, user: 1, rating: 1 },
  ])("is that of $of", ({ file: fileRating, user, rating }) => {
    expect(effective({ file: { rating: fileRating }, user: { rating: user } }).rating).toBe(rating);
  });
});
