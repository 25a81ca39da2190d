import { describe, expect, it } from "vitest";
import {
  derivedColumn,
  effectiveMetadata,
  emptyMetadata,
  parseLayers,
  positionOf,
  type Metadata,
} from "../../../src/records/assets/metadata.ts";

function shown(columns: { file?: unknown; user?: unknown; derived?: unknown }): Metadata {
  return effectiveMetadata(parseLayers({ file: {}, user: {}, derived: {}, ...columns }));
}

const told = {
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

describe("what shows of the layers", () => {
  it("is the user's, else the file's, else what the coordinates tell", () => {
    const metadata = shown({ file: told, derived, user: { description: "the user's" } });
    expect(metadata).toEqual({
      ...emptyMetadata(),
      ...told,
      description: "the user's",
      country: "United States",
      countryCode: "US",
      timezone: "America/Denver",
    });
  });

  it("is nothing where no layer says anything", () => {
    expect(shown({})).toEqual(emptyMetadata());
  });

  it("is the file's again, field by field, without the user's", () => {
    const user = { originalDatetime: { wallUs: 2, offsetMinutes: null }, description: "" };
    expect(shown({ file: told, user })).toMatchObject({
      description: "",
      originalDatetime: { wallUs: 2 },
      city: told.city,
    });
    expect(shown({ file: told, user: { description: null, originalDatetime: null } })).toMatchObject(told);
  });

  it("is no name and no altitude of the file where the user has moved the asset", () => {
    const user = { latitude: 52.5, longitude: 13.4 };
    expect(shown({ file: told, user })).toMatchObject({
      ...user,
      city: null,
      state: null,
      altitude: null,
      make: "Canon",
    });
    expect(shown({ file: told, user, derived: { city: "Berlin" } })).toMatchObject({ city: "Berlin", state: null });
    const same = { latitude: told.latitude, longitude: told.longitude };
    expect(shown({ file: told, user: same })).toMatchObject({ ...same, city: told.city, altitude: told.altitude });
  });

  it("never mixes one source's latitude with another's longitude", () => {
    expect(shown({ file: told, user: { latitude: 1 } })).toMatchObject({
      latitude: 39.1,
      longitude: -108.4,
      city: told.city,
    });
    expect(positionOf(parseLayers({ file: { latitude: 1 }, user: { longitude: 2 }, derived: {} }))).toBeNull();
  });

  it("says nothing of what the layers keep for themselves", () => {
    expect(Object.keys(shown({ file: { ...told, captureTime: { wallUs: 5, offsetMinutes: 0 } } })).toSorted()).toEqual(
      Object.keys(emptyMetadata()).toSorted(),
    );
  });
});

describe("a column that holds what it should not", () => {
  it.each([null, 7, "text", [], { description: 7 }, { latitude: "52" }, { originalDatetime: "2024" }])(
    "counts as empty: %j",
    (column) => {
      expect(shown({ file: column, user: column, derived: { city: 5 } })).toEqual(emptyMetadata());
    },
  );

  it("tells rows that never kept a capture time from those whose file has none", () => {
    const fileOf = (file: unknown) => parseLayers({ file, user: {}, derived: {} }).file.captureTime;
    expect(fileOf({})).toBeUndefined();
    expect(fileOf({ captureTime: null })).toBeNull();
    expect(fileOf({ captureTime: { wallUs: 5 } })).toEqual({ wallUs: 5, offsetMinutes: null });
  });
});

describe("what is derived of a place", () => {
  it("is stored in one order and without what is not known, so that equal places are equal texts", () => {
    const one = derivedColumn({ country: "Germany", timezone: "Europe/Berlin", city: null });
    const two = derivedColumn({ sublocation: null, timezone: "Europe/Berlin", country: "Germany" });
    expect(JSON.stringify(one)).toBe('{"timezone":"Europe/Berlin","country":"Germany"}');
    expect(JSON.stringify(two)).toBe(JSON.stringify(one));
    expect(derivedColumn({ timezone: null })).toEqual({});
  });
});
