import { describe, expect, it } from "vitest";
import { formatWallTime } from "../../../src/kernel/time.ts";
import { offsetMinutesAt, toWallTime, timeZoneAt } from "../../../src/providers/places/timeZones.ts";

/** Local time in microseconds, as stored in D1. */
function wallUs(text: string): number {
  return Date.parse(`${text}Z`) * 1000;
}

function offsetAt(zone: string, text: string): number | null {
  return offsetMinutesAt(zone, wallUs(text));
}

describe("timeZoneAt", () => {
  it("returns the zone of the land", () => {
    const known: [number, number, string][] = [
      [48.8584, 2.2945, "Europe/Paris"],
      [40.758, -73.9855, "America/New_York"],
      [27.7172, 85.324, "Asia/Kathmandu"],
      [-31.5553, 159.0821, "Australia/Lord_Howe"],
      [-43.9536, -176.5597, "Pacific/Chatham"],
      [1.329, 172.979, "Pacific/Tarawa"],
      [1.87, -157.43, "Pacific/Kiritimati"],
      [-27.15, -109.4333, "Pacific/Easter"],
      [28.1235, -15.4363, "Atlantic/Canary"],
      [37.7412, -25.6756, "Atlantic/Azores"],
      [-13.8333, -171.7667, "Pacific/Apia"],
      [-14.2781, -170.7025, "Pacific/Pago_Pago"],
      [33.4484, -112.074, "America/Phoenix"],
      [54.7065, 20.511, "Europe/Kaliningrad"],
    ];
    for (const [latitude, longitude, zone] of known) expect(timeZoneAt(latitude, longitude)).toBe(zone);
  });

  it("returns the nautical zone at sea, with an inverted sign", () => {
    expect(timeZoneAt(40, -40)).toBe("Etc/GMT+3");
    expect(offsetAt("Etc/GMT+3", "2024-07-01T12:00:00")).toBe(-180);
    expect(timeZoneAt(-30, 80)).toBe("Etc/GMT-5");
  });

  it("returns a zone of the given country near its border", () => {
    const known: [number, number, string, string][] = [
      [47.595, 7.611, "DE", "Europe/Berlin"],
      [47.5596, 7.5886, "CH", "Europe/Zurich"],
      [21.5248, 107.9697, "VN", "Asia/Ho_Chi_Minh"],
      [40.1246, 124.3847, "CN", "Asia/Shanghai"],
      [-2.5337, 140.7181, "ID", "Asia/Jayapura"],
      [41.9022, 12.4539, "VA", "Europe/Vatican"],
      [42.6629, 21.1655, "XK", "Europe/Belgrade"],
      [44.9521, 34.1024, "UA", "Europe/Simferopol"],
      [-54.42, 3.36, "BV", timeZoneAt(-54.42, 3.36) ?? ""],
      [40, -40, "US", "Etc/GMT+3"],
    ];
    for (const [latitude, longitude, country, zone] of known)
      expect(timeZoneAt(latitude, longitude, country), `${latitude},${longitude}`).toBe(zone);
    expect(timeZoneAt(48.8584, 2.2945, "nowhere")).toBe("Europe/Paris");
    expect(timeZoneAt(0, 181, "FR")).toBeNull();
  });

  it("distinguishes neighbouring atolls with different dates", () => {
    expect(timeZoneAt(8.72, 167.733, "MH")).toBe("Pacific/Kwajalein");
    expect(timeZoneAt(9.39, 167.47, "MH")).toBe("Pacific/Kwajalein");
    expect(timeZoneAt(7.103, 171.38, "MH")).toBe("Pacific/Majuro");
  });

  it("works at poles, date line and null island, and returns null for invalid coordinates", () => {
    for (const [latitude, longitude] of [
      [90, 0],
      [-90, 0],
      [0, 180],
      [0, -180],
      [0, 0],
      [-90, 180],
    ] as const) {
      const zone = timeZoneAt(latitude, longitude);
      expect(zone).not.toBeNull();
      expect(offsetAt(zone ?? "", "2024-01-01T00:00:00")).not.toBeNull();
    }
    for (const bad of [Number.NaN, Infinity, -Infinity, 180.1, 1e9]) {
      expect(timeZoneAt(0, bad)).toBeNull();
      expect(timeZoneAt(bad, 0)).toBeNull();
    }
    expect(timeZoneAt(90.0001, 0)).toBeNull();
  });

  it("returns only zones that the runtime knows", () => {
    const zones = new Set<string>();
    for (let latitude = -89; latitude < 90; latitude += 1.5)
      for (let longitude = -179.5; longitude < 180; longitude += 1.5)
        zones.add(timeZoneAt(latitude, longitude) ?? "null");
    expect(zones.size).toBeGreaterThan(250);
    const unknown = [...zones].filter((zone) => offsetAt(zone, "2024-06-01T12:00:00") === null);
    expect(unknown).toEqual([]);
  });
});

describe("offsetMinutesAt", () => {
  it("follows daylight saving time in both hemispheres", () => {
    expect(offsetAt("Europe/Berlin", "2024-01-15T12:00:00")).toBe(60);
    expect(offsetAt("Europe/Berlin", "2024-07-15T12:00:00")).toBe(120);
    expect(offsetAt("Australia/Sydney", "2024-01-15T12:00:00")).toBe(660);
    expect(offsetAt("Australia/Sydney", "2024-07-15T12:00:00")).toBe(600);
    expect(offsetAt("America/Phoenix", "2024-07-15T12:00:00")).toBe(-420);
  });

  it("changes at the exact minute", () => {
    expect(offsetAt("Europe/Berlin", "2024-03-31T01:59:59")).toBe(60);
    expect(offsetAt("Europe/Berlin", "2024-03-31T03:00:00")).toBe(120);
    expect(offsetAt("Europe/Berlin", "2024-10-27T01:59:59")).toBe(120);
    expect(offsetAt("Europe/Berlin", "2024-10-27T03:00:00")).toBe(60);
    expect(offsetAt("America/New_York", "2024-03-10T01:59:59.999")).toBe(-300);
    expect(offsetAt("America/New_York", "2024-03-10T03:00:00")).toBe(-240);
    expect(offsetAt("Australia/Sydney", "2024-10-06T01:59:59")).toBe(600);
    expect(offsetAt("Australia/Sydney", "2024-10-06T03:00:00")).toBe(660);
  });

  it("returns the first offset for a repeated hour", () => {
    expect(offsetAt("Europe/Berlin", "2024-10-27T02:00:00")).toBe(120);
    expect(offsetAt("Europe/Berlin", "2024-10-27T02:59:59")).toBe(120);
    expect(offsetAt("America/New_York", "2024-11-03T01:30:00")).toBe(-240);
    expect(offsetAt("Australia/Sydney", "2024-04-07T02:30:00")).toBe(660);
    expect(offsetAt("Australia/Lord_Howe", "2024-04-07T01:45:00")).toBe(660);
  });

  it("returns the offset before a skipped hour", () => {
    expect(offsetAt("Europe/Berlin", "2024-03-31T02:30:00")).toBe(60);
    expect(offsetAt("America/New_York", "2024-03-10T02:30:00")).toBe(-300);
    expect(offsetAt("Australia/Sydney", "2024-10-06T02:30:00")).toBe(600);
    expect(offsetAt("Australia/Lord_Howe", "2024-10-06T02:15:00")).toBe(630);
  });

  it("returns offsets that are not whole hours", () => {
    expect(offsetAt("Asia/Kolkata", "2024-05-01T09:00:00")).toBe(330);
    expect(offsetAt("Asia/Kathmandu", "2024-05-01T09:00:00")).toBe(345);
    expect(offsetAt("Asia/Kathmandu", "1985-05-01T09:00:00")).toBe(330);
    expect(offsetAt("Australia/Lord_Howe", "2024-05-01T09:00:00")).toBe(630);
    expect(offsetAt("Australia/Lord_Howe", "2024-12-01T09:00:00")).toBe(660);
    expect(offsetAt("Pacific/Chatham", "2024-01-01T09:00:00")).toBe(825);
    expect(offsetAt("America/St_Johns", "2024-01-01T09:00:00")).toBe(-210);
    expect(offsetAt("Africa/Casablanca", "2024-03-15T09:00:00")).toBe(0);
    expect(offsetAt("Africa/Casablanca", "2024-07-15T09:00:00")).toBe(60);
  });

  it("handles Samoa's skipped day and other changes of a whole day", () => {
    expect(offsetAt("Pacific/Apia", "2011-12-29T23:59:59")).toBe(-600);
    expect(offsetAt("Pacific/Apia", "2011-12-30T12:00:00")).toBe(-600);
    expect(offsetAt("Pacific/Apia", "2011-12-31T00:00:00")).toBe(840);
    expect(offsetAt("Pacific/Kiritimati", "2024-01-01T00:00:00")).toBe(840);
    expect(offsetAt("Europe/London", "1970-06-01T12:00:00")).toBe(60);
    expect(offsetAt("Europe/London", "1972-01-01T12:00:00")).toBe(0);
  });

  it("rounds local mean time to the minute and returns null outside -12:00 to +14:00", () => {
    expect(offsetAt("America/New_York", "1850-01-01T12:00:00")).toBe(-296);
    expect(offsetAt("Europe/Paris", "1890-01-01T12:00:00")).toBe(9);
    expect(offsetAt("Asia/Manila", "1800-01-01T12:00:00")).toBeNull();
  });

  it("works for the years 0 to 9999 and returns null outside JavaScript's date range", () => {
    expect(offsetAt("Europe/Berlin", "0000-01-01T00:00:00")).toBe(53);
    expect(offsetAt("Europe/Berlin", "0001-01-01T00:00:00")).toBe(53);
    expect(offsetAt("Europe/Berlin", "9999-12-31T23:59:59")).toBe(60);
    expect(offsetAt("Europe/Berlin", "2100-07-01T12:00:00")).toBe(120);
    for (const outOfRange of [Number.NaN, Infinity, -Infinity, 9e18, -9e18])
      expect(offsetMinutesAt("Europe/Berlin", outOfRange)).toBeNull();
  });

  it("returns null for an unknown zone", () => {
    for (const zone of ["", "Mars/Olympus", "Europe/Paris; DROP", "x".repeat(10_000)])
      expect(offsetAt(zone, "2024-01-01T00:00:00")).toBeNull();
    expect(offsetAt("UTC", "2024-01-01T00:00:00")).toBe(0);
  });

  it("returns the same offsets after formatters were evicted", () => {
    const zones = Intl.supportedValuesOf("timeZone").slice(0, 60);
    const first = zones.map((zone) => offsetAt(zone, "2024-07-01T12:00:00"));
    expect(zones.map((zone) => offsetAt(zone, "2024-07-01T12:00:00"))).toEqual(first);
    expect(first).not.toContain(null);
  });
});

describe("toWallTime", () => {
  const formatAt = (zone: string, instant: string) => {
    const time = toWallTime(zone, Date.parse(instant) * 1000);
    return time === null ? null : formatWallTime(time);
  };

  it("follows daylight saving time to the second, in both hemispheres and by half hours", () => {
    expect(formatAt("Europe/Berlin", "2024-03-31T00:59:59Z")).toBe("2024-03-31T01:59:59+01:00");
    expect(formatAt("Europe/Berlin", "2024-03-31T01:00:00Z")).toBe("2024-03-31T03:00:00+02:00");
    expect(formatAt("Australia/Lord_Howe", "2024-01-01T00:00:00Z")).toBe("2024-01-01T11:00:00+11:00");
    expect(formatAt("Australia/Lord_Howe", "2024-07-01T00:00:00Z")).toBe("2024-07-01T10:30:00+10:30");
    expect(formatAt("Asia/Kathmandu", "2024-07-01T00:00:00Z")).toBe("2024-07-01T05:45:00+05:45");
  });

  it("returns null for an unknown zone or an invalid instant", () => {
    expect(formatAt("Mars/Olympus", "2024-01-01T00:00:00Z")).toBeNull();
    expect(toWallTime("Europe/Berlin", 9e21)).toBeNull();
  });
});
