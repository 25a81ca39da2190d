import { describe, expect, it } from "vitest";
import { formatWallTime } from "../../../../src/kernel/time.ts";
import { offsetMinutesAt, onClockOf, zoneAt } from "../../../../src/providers/places/timeZones/timeZones.ts";

/** Microseconds of a wall clock, as records keep it. */
function wall(text: string): number {
  return Date.parse(`${text}Z`) * 1000;
}

function offsetAt(zone: string, text: string): number | null {
  return offsetMinutesAt(zone, wall(text));
}

describe("the zone of coordinates", () => {
  it("is that of the land", () => {
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
    for (const [latitude, longitude, zone] of known) expect(zoneAt(latitude, longitude)).toBe(zone);
  });

  it("is the nautical one at sea, whose name has the sign the other way round", () => {
    expect(zoneAt(40, -40)).toBe("Etc/GMT+3");
    expect(offsetAt("Etc/GMT+3", "2024-07-01T12:00:00")).toBe(-180);
    expect(zoneAt(-30, 80)).toBe("Etc/GMT-5");
  });

  it("is one of the country's own where the country is known, however near its border", () => {
    const known: [number, number, string, string][] = [
      [47.595, 7.611, "DE", "Europe/Berlin"],
      [47.5596, 7.5886, "CH", "Europe/Zurich"],
      [21.5248, 107.9697, "VN", "Asia/Ho_Chi_Minh"],
      [40.1246, 124.3847, "CN", "Asia/Shanghai"],
      [-2.5337, 140.7181, "ID", "Asia/Jayapura"],
      [41.9022, 12.4539, "VA", "Europe/Vatican"],
      [42.6629, 21.1655, "XK", "Europe/Belgrade"],
      [44.9521, 34.1024, "UA", "Europe/Simferopol"],
      [-54.42, 3.36, "BV", zoneAt(-54.42, 3.36) ?? ""],
      [40, -40, "US", "Etc/GMT+3"],
    ];
    for (const [latitude, longitude, country, zone] of known)
      expect(zoneAt(latitude, longitude, country), `${latitude},${longitude}`).toBe(zone);
    expect(zoneAt(48.8584, 2.2945, "nowhere")).toBe("Europe/Paris");
    expect(zoneAt(0, 181, "FR")).toBeNull();
  });

  it("of an atoll is its own, where a neighbour's had another date for years", () => {
    expect(zoneAt(8.72, 167.733, "MH")).toBe("Pacific/Kwajalein");
    expect(zoneAt(9.39, 167.47, "MH")).toBe("Pacific/Kwajalein");
    expect(zoneAt(7.103, 171.38, "MH")).toBe("Pacific/Majuro");
  });

  it("is known at the poles, on the date line and at null island, and never for what are no coordinates", () => {
    for (const [latitude, longitude] of [
      [90, 0],
      [-90, 0],
      [0, 180],
      [0, -180],
      [0, 0],
      [-90, 180],
    ] as const) {
      const zone = zoneAt(latitude, longitude);
      expect(zone).not.toBeNull();
      expect(offsetAt(zone ?? "", "2024-01-01T00:00:00")).not.toBeNull();
    }
    for (const bad of [Number.NaN, Infinity, -Infinity, 180.1, 1e9]) {
      expect(zoneAt(0, bad)).toBeNull();
      expect(zoneAt(bad, 0)).toBeNull();
    }
    expect(zoneAt(90.0001, 0)).toBeNull();
  });

  it("is one that this runtime knows, wherever on Earth", () => {
    const zones = new Set<string>();
    for (let latitude = -89; latitude < 90; latitude += 1.5)
      for (let longitude = -179.5; longitude < 180; longitude += 1.5) zones.add(zoneAt(latitude, longitude) ?? "null");
    expect(zones.size).toBeGreaterThan(250);
    const unknown = [...zones].filter((zone) => offsetAt(zone, "2024-06-01T12:00:00") === null);
    expect(unknown).toEqual([]);
  });
});

describe("the offset of a wall clock", () => {
  it("follows daylight saving time on both hemispheres", () => {
    expect(offsetAt("Europe/Berlin", "2024-01-15T12:00:00")).toBe(60);
    expect(offsetAt("Europe/Berlin", "2024-07-15T12:00:00")).toBe(120);
    expect(offsetAt("Australia/Sydney", "2024-01-15T12:00:00")).toBe(660);
    expect(offsetAt("Australia/Sydney", "2024-07-15T12:00:00")).toBe(600);
    expect(offsetAt("America/Phoenix", "2024-07-15T12:00:00")).toBe(-420);
  });

  it("changes at the very minute", () => {
    expect(offsetAt("Europe/Berlin", "2024-03-31T01:59:59")).toBe(60);
    expect(offsetAt("Europe/Berlin", "2024-03-31T03:00:00")).toBe(120);
    expect(offsetAt("Europe/Berlin", "2024-10-27T01:59:59")).toBe(120);
    expect(offsetAt("Europe/Berlin", "2024-10-27T03:00:00")).toBe(60);
    expect(offsetAt("America/New_York", "2024-03-10T01:59:59.999")).toBe(-300);
    expect(offsetAt("America/New_York", "2024-03-10T03:00:00")).toBe(-240);
    expect(offsetAt("Australia/Sydney", "2024-10-06T01:59:59")).toBe(600);
    expect(offsetAt("Australia/Sydney", "2024-10-06T03:00:00")).toBe(660);
  });

  it("is the first of the two for an hour that comes twice", () => {
    expect(offsetAt("Europe/Berlin", "2024-10-27T02:00:00")).toBe(120);
    expect(offsetAt("Europe/Berlin", "2024-10-27T02:59:59")).toBe(120);
    expect(offsetAt("America/New_York", "2024-11-03T01:30:00")).toBe(-240);
    expect(offsetAt("Australia/Sydney", "2024-04-07T02:30:00")).toBe(660);
    expect(offsetAt("Australia/Lord_Howe", "2024-04-07T01:45:00")).toBe(660);
  });

  it("is the one before for an hour that is skipped", () => {
    expect(offsetAt("Europe/Berlin", "2024-03-31T02:30:00")).toBe(60);
    expect(offsetAt("America/New_York", "2024-03-10T02:30:00")).toBe(-300);
    expect(offsetAt("Australia/Sydney", "2024-10-06T02:30:00")).toBe(600);
    expect(offsetAt("Australia/Lord_Howe", "2024-10-06T02:15:00")).toBe(630);
  });

  it("knows zones that are not whole hours off", () => {
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

  it("survives the day that Samoa skipped and the day that Alaska had twice", () => {
    expect(offsetAt("Pacific/Apia", "2011-12-29T23:59:59")).toBe(-600);
    expect(offsetAt("Pacific/Apia", "2011-12-30T12:00:00")).toBe(-600);
    expect(offsetAt("Pacific/Apia", "2011-12-31T00:00:00")).toBe(840);
    expect(offsetAt("Pacific/Kiritimati", "2024-01-01T00:00:00")).toBe(840);
    expect(offsetAt("Europe/London", "1970-06-01T12:00:00")).toBe(60);
    expect(offsetAt("Europe/London", "1972-01-01T12:00:00")).toBe(0);
  });

  it("is rounded to the minute where clocks kept the sun's time, and unknown where none can write it", () => {
    expect(offsetAt("America/New_York", "1850-01-01T12:00:00")).toBe(-296);
    expect(offsetAt("Europe/Paris", "1890-01-01T12:00:00")).toBe(9);
    expect(offsetAt("Asia/Manila", "1800-01-01T12:00:00")).toBeNull();
  });

  it("is known for the first and the last years that a picture can claim, and null beyond what dates can hold", () => {
    expect(offsetAt("Europe/Berlin", "0000-01-01T00:00:00")).toBe(53);
    expect(offsetAt("Europe/Berlin", "0001-01-01T00:00:00")).toBe(53);
    expect(offsetAt("Europe/Berlin", "9999-12-31T23:59:59")).toBe(60);
    expect(offsetAt("Europe/Berlin", "2100-07-01T12:00:00")).toBe(120);
    for (const wallUs of [Number.NaN, Infinity, -Infinity, 9e18, -9e18])
      expect(offsetMinutesAt("Europe/Berlin", wallUs)).toBeNull();
  });

  it("is null for a zone that nobody knows", () => {
    for (const zone of ["", "Mars/Olympus", "Europe/Paris; DROP", "x".repeat(10_000)])
      expect(offsetAt(zone, "2024-01-01T00:00:00")).toBeNull();
    expect(offsetAt("UTC", "2024-01-01T00:00:00")).toBe(0);
  });

  it("does not depend on which zones were asked for before", () => {
    const zones = Intl.supportedValuesOf("timeZone").slice(0, 60);
    const first = zones.map((zone) => offsetAt(zone, "2024-07-01T12:00:00"));
    expect(zones.map((zone) => offsetAt(zone, "2024-07-01T12:00:00"))).toEqual(first);
    expect(first).not.toContain(null);
  });
});

describe("what a clock shows at an instant", () => {
  const shown = (zone: string, instant: string) => {
    const time = onClockOf(zone, Date.parse(instant) * 1000);
    return time === null ? null : formatWallTime(time);
  };

  it("follows the zone's summer time to the second, in both hemispheres and by half hours", () => {
    expect(shown("Europe/Berlin", "2024-03-31T00:59:59Z")).toBe("2024-03-31T01:59:59+01:00");
    expect(shown("Europe/Berlin", "2024-03-31T01:00:00Z")).toBe("2024-03-31T03:00:00+02:00");
    expect(shown("Australia/Lord_Howe", "2024-01-01T00:00:00Z")).toBe("2024-01-01T11:00:00+11:00");
    expect(shown("Australia/Lord_Howe", "2024-07-01T00:00:00Z")).toBe("2024-07-01T10:30:00+10:30");
    expect(shown("Asia/Kathmandu", "2024-07-01T00:00:00Z")).toBe("2024-07-01T05:45:00+05:45");
  });

  it("is null where the zone or the instant is none", () => {
    expect(shown("Mars/Olympus", "2024-01-01T00:00:00Z")).toBeNull();
    expect(onClockOf("Europe/Berlin", 9e21)).toBeNull();
  });
});
