import { describe, expect, it } from "vitest";
import { contentRange, parseRange, rangeWithin, unsatisfiedRange } from "../../src/http/byteRange.ts";

/** What a Range header means for a file of ten bytes. */
function meaning(header: string): string {
  const spec = parseRange(header);
  if (spec === null) return "ignored";
  const range = rangeWithin(spec, 10);
  return range === null ? unsatisfiedRange(10) : contentRange(range, 10);
}

describe("a Range header", () => {
  const cases: [string, string][] = [
    ["bytes=0-0", "bytes 0-0/10"],
    ["bytes=0-9", "bytes 0-9/10"],
    ["bytes=2-4", "bytes 2-4/10"],
    ["bytes=2-", "bytes 2-9/10"],
    ["bytes=9-", "bytes 9-9/10"],
    ["bytes=5-1000", "bytes 5-9/10"],
    ["bytes=5-99999999999999999999999999", "bytes 5-9/10"],
    ["bytes=-3", "bytes 7-9/10"],
    ["bytes=-10", "bytes 0-9/10"],
    ["bytes=-1000", "bytes 0-9/10"],
    ["Bytes= 2-4 ", "bytes 2-4/10"],
    ["bytes=10-", "bytes */10"],
    ["bytes=10-20", "bytes */10"],
    ["bytes=99999999999999999999999999-", "bytes */10"],
    ["bytes=-0", "bytes */10"],
    ["bytes=4-2", "ignored"],
    ["bytes=0-1,3-4", "ignored"],
    ["bytes=0-1,", "ignored"],
    ["bytes=-", "ignored"],
    ["bytes=", "ignored"],
    ["bytes 0-1", "ignored"],
    ["bytes=0x1-2", "ignored"],
    ["bytes=1.5-2", "ignored"],
    ["bytes=--1", "ignored"],
    ["items=0-1", "ignored"],
    ["", "ignored"],
  ];
  it.each(cases)("%j of ten bytes is %s", (header, expected) => {
    expect(meaning(header)).toBe(expected);
  });

  it("that is not there asks for nothing", () => {
    expect(parseRange(null)).toBeNull();
  });
});
