import { describe, expect, it } from "vitest";
import { contentRange, parseRange, resolveRange, unsatisfiedContentRange } from "../../src/http/byteRange.ts";

/** Content-Range that `header` yields for a file of ten bytes. */
function contentRangeFor(header: string): string {
  const spec = parseRange(header);
  if (spec === null) return "ignored";
  const range = resolveRange(spec, 10);
  return range === null ? unsatisfiedContentRange(10) : contentRange(range, 10);
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
  it.each(cases)("resolves %j of ten bytes to %s", (header, expected) => {
    expect(contentRangeFor(header)).toBe(expected);
  });

  it("is ignored when absent", () => {
    expect(parseRange(null)).toBeNull();
  });
});
