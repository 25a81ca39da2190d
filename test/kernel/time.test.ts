import { describe, expect, it } from "vitest";
import { formatInstant, formatWallTime, toInstantUs, parseDateTime } from "../../src/kernel/time.ts";

const readable = [
  ["2024-07-15T12:00:00", "2024-07-15T12:00:00", null],
  ["2024-07-15T12:00:00Z", "2024-07-15T12:00:00+00:00", 0],
  ["2024-07-15t12:00:00z", "2024-07-15T12:00:00+00:00", 0],
  ["2024-07-15 12:00:00", "2024-07-15T12:00:00", null],
  ["2024-07-15T12:00:00-07:00", "2024-07-15T12:00:00-07:00", -420],
  ["2024-07-15T12:00:00+0530", "2024-07-15T12:00:00+05:30", 330],
  ["2024-07-15T12:00:00+14", "2024-07-15T12:00:00+14:00", 840],
  ["2024-07-15T12:00:00-00:00", "2024-07-15T12:00:00+00:00", 0],
  ["2024-07-15T12:00", "2024-07-15T12:00:00", null],
  ["2024-07-15", "2024-07-15T00:00:00", null],
  ["2024-07-15T12:00:00.5", "2024-07-15T12:00:00.500", null],
  ["2024-07-15T12:00:00,25Z", "2024-07-15T12:00:00.250+00:00", 0],
  ["2024-07-15T12:00:00.123456", "2024-07-15T12:00:00.123456", null],
  ["2024-07-15T12:00:00.1234567", "2024-07-15T12:00:00.123456", null],
  ["2024-07-15T12:00:00.000001", "2024-07-15T12:00:00.000001", null],
  ["2024-02-29T23:59:59", "2024-02-29T23:59:59", null],
  ["1969-12-31T23:59:59.999999", "1969-12-31T23:59:59.999999", null],
  ["1900-01-01T00:00:00", "1900-01-01T00:00:00", null],
  ["0001-01-01T00:00:00", "0001-01-01T00:00:00", null],
  ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59+00:00", 0],
  [" 2024-07-15T12:00:00Z ", "2024-07-15T12:00:00+00:00", 0],
] as const;

const unreadable = [
  "",
  "yesterday",
  "2024",
  "2024-07",
  "2024-7-15",
  "15-07-2024",
  "1721044800",
  "2024-07-15T",
  "2024-07-15T12",
  "T12:00:00",
  "2024-13-01",
  "2024-00-10",
  "2024-02-30",
  "2023-02-29",
  "2024-04-31",
  "2024-01-32",
  "2024-01-00",
  "+12024-01-01",
  "2024-07-15T24:00:00",
  "2024-07-15T12:60:00",
  "2024-07-15T12:00:60",
  "2024-07-15T12:00:00.",
  "2024-07-15T12:00:00.1234567890",
  "2024-07-15T12:00:00+14:01",
  "2024-07-15T12:00:00-15:00",
  "2024-07-15T12:00:00+05:60",
  "2024-07-15T12:00:00+5",
  "2024-07-15Z",
  "2024-07-15T12:00:00 +02:00",
  "2024-07-15T12:00:00Europe/Rome",
  "2024-07-15T12:00:00ZZ",
  "NaN",
  "٢٠٢٤-٠٧-١٥",
];

describe("a date-time", () => {
  for (const [text, formatted, offset] of readable) {
    it(`parses "${text}" and formats it as ${formatted}`, () => {
      const time = parseDateTime(text);
      expect(time?.offsetMinutes).toBe(offset);
      expect(time === null ? null : formatWallTime(time)).toBe(formatted);
    });
  }

  it("is null for invalid text", () => {
    for (const text of unreadable) expect(parseDateTime(text), text).toBeNull();
  });

  it("parses its own formatted form", () => {
    for (let i = 0; i < 500; i++) {
      const time = { wallUs: i * 7_919_000_003_017 - 2_000_000_000_000_000, offsetMinutes: (i % 57) * 30 - 840 };
      expect(parseDateTime(formatWallTime(time))).toEqual(time);
    }
  });

  it("converts to an instant by its offset, or as UTC without one", () => {
    const hour = 3600 * 1_000_000;
    const at = (text: string): number => toInstantUs(parseDateTime(text) ?? { wallUs: NaN, offsetMinutes: null });
    expect(at("1970-01-01T00:00:00-01:00")).toBe(hour);
    expect(at("1970-01-01T02:00:00+02:00")).toBe(0);
    expect(at("1970-01-01T02:00:00")).toBe(2 * hour);
  });

  it("of an instant is formatted in UTC with Z", () => {
    expect(formatInstant(0)).toBe("1970-01-01T00:00:00.000Z");
    expect(formatInstant(1_700_000_000_123)).toBe("2023-11-14T22:13:20.123Z");
  });
});
