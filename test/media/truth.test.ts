/** The sample photos and videos against what exiftool and ffprobe say of them. */
import { describe, expect, it } from "vitest";
import { type MediaFacts, readFacts } from "../../src/media/facts.ts";
import { formatOfFileName } from "../../src/media/formats.ts";
import { type WallTime, parseOffset } from "../../src/media/wallTime.ts";
import { type Expected, sampleBytes, sampleNames, truth } from "../fixtures/media/samples.ts";
import { countingSource } from "./countingSource.ts";

type Answer = string | number | null;

function wallText(time: WallTime | null): string | null {
  return time === null ? null : new Date(time.wallUs / 1000).toISOString().slice(0, 19);
}

function answersOf(facts: MediaFacts): Record<string, Answer> {
  const { modifiedDatetime, originalDatetime, digitizedDatetime, ...plain } = facts.metadata;
  const answers: Record<string, Answer> = {};
  for (const [name, value] of Object.entries(plain)) {
    answers[name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)] = value;
  }
  return {
    ...answers,
    modified_datetime: wallText(modifiedDatetime),
    original_datetime: wallText(originalDatetime),
    digitized_datetime: wallText(digitizedDatetime),
    width: facts.width,
    height: facts.height,
    raw_width: facts.rawWidth,
    raw_height: facts.rawHeight,
    duration: facts.durationSeconds,
  };
}

function same(answer: Answer, expected: Answer): boolean {
  if (typeof answer === "number" && typeof expected === "number") {
    return Math.abs(answer - expected) <= Math.max(1e-4 * Math.abs(expected), 1e-6);
  }
  return answer === expected;
}

function agrees(answer: Answer, expected: Expected): boolean {
  if (expected.any || expected.hard) return true;
  if (expected.empty && answer === null) return true;
  return [expected.v, ...(expected.a ?? [])].some((other) => same(answer, other));
}

/** Where truth has no capture time of EXIF or QuickTime, none is expected. */
function disagreementOnCapture(facts: MediaFacts, expected: Expected | undefined): unknown {
  const answer = wallText(facts.captureTime);
  if (!agrees(answer, expected ?? { v: null })) return { answer, expected };
  const offset = parseOffset(expected?.off ?? "");
  if (answer === null || offset === null) return null;
  return facts.captureTime?.offsetMinutes === offset ? null : { offset: facts.captureTime?.offsetMinutes };
}

describe("the samples", { timeout: 30_000 }, () => {
  for (const name of sampleNames) {
    it(`tells of ${name} what exiftool tells`, async () => {
      const format = formatOfFileName(name);
      const fields = truth.get(name)?.fields ?? {};
      if (format === null) throw new Error("unknown extension");
      const source = countingSource(await sampleBytes(name));
      const facts = await readFacts(source, format);
      const differing = Object.entries(answersOf(facts)).flatMap(([field, answer]) => {
        const expected = fields[field] ?? { v: null };
        return agrees(answer, expected) ? [] : [{ field, answer, expected }];
      });
      expect(differing).toEqual([]);
      expect(facts.problem).toBeNull();
      expect(disagreementOnCapture(facts, fields["local_datetime"])).toBeNull();
      expect(source.counts.bytes).toBeLessThan(256 * 1024);
      expect(source.counts.reads).toBeLessThanOrEqual(4);
      const mime = fields["mime_type"];
      expect([mime?.v, ...(mime?.a ?? [])]).toContain(format.mimeType);
    });
  }
});
