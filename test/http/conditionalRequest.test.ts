import { describe, expect, it } from "vitest";
import { rangeApplies, parseHttpDate, evaluatePreconditions } from "../../src/http/conditionalRequest.ts";

const validators = { etag: '"abc"', lastModifiedMs: Date.UTC(2026, 10, 21, 10, 0, 0, 700) };
const AT = "Sat, 21 Nov 2026 10:00:00 GMT";
const BEFORE = "Sat, 21 Nov 2026 09:59:59 GMT";
const AFTER = "Sat, 21 Nov 2026 10:00:01 GMT";

describe("parseHttpDate", () => {
  const ms = Date.UTC(1994, 10, 6, 8, 49, 37);
  const dates: [string, number | null][] = [
    ["Sun, 06 Nov 1994 08:49:37 GMT", ms],
    ["Sunday, 06-Nov-94 08:49:37 GMT", ms],
    ["Sun Nov  6 08:49:37 1994", ms],
    ["1994-11-06T08:49:37Z", null],
    ["Sun, 06 Nov 1994 08:49:37 CET", null],
    ["784111777", null],
    ["", null],
  ];
  it.each(dates)("parses the three forms of RFC 9110 and no other: %j", (text, expected) => {
    expect(parseHttpDate(text)).toBe(expected);
  });
});

describe("evaluatePreconditions", () => {
  const cases: [Record<string, string>, "proceed" | 304 | 412][] = [
    [{}, "proceed"],
    [{ "If-None-Match": '"abc"' }, 304],
    [{ "If-None-Match": 'W/"abc"' }, 304],
    [{ "If-None-Match": '"x,y", "abc"' }, 304],
    [{ "If-None-Match": "*" }, 304],
    [{ "If-None-Match": '"x"' }, "proceed"],
    [{ "If-None-Match": "abc" }, "proceed"],
    [{ "If-None-Match": '"abc' }, "proceed"],
    [{ "If-None-Match": '"x"', "If-Modified-Since": AFTER }, "proceed"],
    [{ "If-Modified-Since": AT }, 304],
    [{ "If-Modified-Since": AFTER }, 304],
    [{ "If-Modified-Since": BEFORE }, "proceed"],
    [{ "If-Modified-Since": "yesterday" }, "proceed"],
    [{ "If-Match": '"abc"' }, "proceed"],
    [{ "If-Match": "*" }, "proceed"],
    [{ "If-Match": '"x", "abc"' }, "proceed"],
    [{ "If-Match": 'W/"abc"' }, 412],
    [{ "If-Match": '"x"' }, 412],
    [{ "If-Match": '"abc"', "If-Unmodified-Since": BEFORE }, "proceed"],
    [{ "If-Match": '"abc"', "If-None-Match": '"abc"' }, 304],
    [{ "If-Match": '"x"', "If-None-Match": '"abc"' }, 412],
    [{ "If-Unmodified-Since": AT }, "proceed"],
    [{ "If-Unmodified-Since": BEFORE }, 412],
    [{ "If-Unmodified-Since": "yesterday" }, "proceed"],
  ];
  it.each(cases)("evaluates %j to %s", (headers, expected) => {
    expect(evaluatePreconditions(new Headers(headers), validators)).toBe(expected);
  });
});

describe("rangeApplies", () => {
  const cases: [string | null, boolean][] = [
    [null, true],
    ['"abc"', true],
    ['W/"abc"', false],
    ['"x"', false],
    ["*", false],
    [AT, true],
    [BEFORE, false],
    [AFTER, false],
    ["nonsense", false],
  ];
  it.each(cases)("evaluates If-Range %j to %s", (ifRange, expected) => {
    expect(rangeApplies(new Headers(ifRange === null ? {} : { "If-Range": ifRange }), validators)).toBe(expected);
  });
});
