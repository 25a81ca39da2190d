import { describe, expect, it } from "vitest";
import { parseExifDate, parseIsoDate, parseOffset } from "../../../../src/media/inspect/metadata/wallTime.ts";

const noon2024 = Date.UTC(2024, 6, 15, 12) * 1000;

describe("parsing dates", () => {
  it("keeps local time and offset separate", () => {
    expect(parseExifDate("2024:07:15 12:00:00")).toEqual({ wallUs: noon2024, offsetMinutes: null });
    expect(parseExifDate("2024:07:15 12:00:00", null, "-07:00")).toEqual({ wallUs: noon2024, offsetMinutes: -420 });
    expect(parseExifDate("2024:07:15 12:00:00", null, "   :  ")).toEqual({ wallUs: noon2024, offsetMinutes: null });
  });

  it("keeps sub-seconds to the microsecond", () => {
    expect(parseExifDate("2024:07:15 12:00:00", "07")?.wallUs).toBe(noon2024 + 70_000);
    expect(parseExifDate("2024:07:15 12:00:00", "1234567 ")?.wallUs).toBe(noon2024 + 123_456);
    expect(parseExifDate("2024:07:15 12:00:00", "abc")?.wallUs).toBe(noon2024);
    expect(parseIsoDate("2024-07-15T12:00:00.5Z")).toEqual({ wallUs: noon2024 + 500_000, offsetMinutes: 0 });
  });

  it("reads dates before 1970 and on leap days", () => {
    expect(parseExifDate("1969:12:31 23:59:59")?.wallUs).toBe(-1_000_000);
    expect(parseExifDate("2024:02:29 00:00:00")).not.toBeNull();
    expect(parseExifDate("2000:02:29 00:00:00")).not.toBeNull();
  });

  it.each([
    "",
    " ",
    "0000:00:00 00:00:00",
    "    :  :     :  :  ",
    "2024:13:01 00:00:00",
    "2024:00:10 00:00:00",
    "2024:02:30 00:00:00",
    "2023:02:29 00:00:00",
    "1900:02:29 00:00:00",
    "2024:04:31 00:00:00",
    "2024:07:15 25:00:00",
    "2024:07:15 12:60:00",
    "2024:07:15 12:00:60",
    "2024:07:15",
    "15.07.2024 12:00:00",
    "0000:01:01 00:00:00",
    "9999:01:01 00:00:00",
    "2024:07:15 12",
    "12:00:00",
  ])("rejects %j", (text) => {
    expect(parseExifDate(text)).toBeNull();
  });

  it.each([
    "2024:07:15 12:00:00\0\0",
    "2024-07-15 12:00:00",
    "2024/07/15 12:00:00",
    "2024.07.15 12:00:00",
    "2024:07:15T12:00:00",
    "2024:07:15:12:00:00",
    "2024:07:15 12:00",
    "2024: 7:15  12: 0: 0",
    "2024:07:15 12:00:00 and more",
  ])("reads %j", (text) => {
    expect(parseExifDate(text)).toEqual({ wallUs: noon2024, offsetMinutes: null });
  });

  it.each(["2024-07-15T12:00:00+02:00", "2024:07:15 12:00:00+0200", "2024-07-15T12:00:00GMT+2", "2024:07:15 12:00+02"])(
    "prefers the offset in %j to the offset tag",
    (text) => {
      expect(parseExifDate(text, null, "-07:00")).toEqual({ wallUs: noon2024, offsetMinutes: 120 });
    },
  );

  it("reads ISO dates with and without offset, and with an offset without colon", () => {
    expect(parseIsoDate("2024-07-15T12:00:00")).toEqual({ wallUs: noon2024, offsetMinutes: null });
    expect(parseIsoDate("2024-07-15T12:00+05:30")).toEqual({ wallUs: noon2024, offsetMinutes: 330 });
    expect(parseIsoDate("2024-07-15T12:00:00+0200")).toEqual({ wallUs: noon2024, offsetMinutes: 120 });
    expect(parseIsoDate("2024-07")).toBeNull();
    expect(parseIsoDate("2024-07-15")).toBeNull();
    expect(parseIsoDate("yesterday")).toBeNull();
  });

  it("accepts offsets from -12:00 to +14:00 only", () => {
    expect(parseOffset("+14:00")).toBe(840);
    expect(parseOffset("-12:00")).toBe(-720);
    expect(parseOffset("-00:00")).toBe(0);
    for (const text of ["+2", "+2:00", "+02", "+0200"]) expect(parseOffset(text)).toBe(120);
    for (const text of ["+14:01", "-12:30", "+02:60", "UTC", "2", ""]) expect(parseOffset(text)).toBeNull();
  });
});
