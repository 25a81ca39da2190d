/** The sample photos and videos against what exiftool and ffprobe say of them. */
import { describe, expect, it } from "vitest";
import { differences } from "../../../scripts/checkMetadata/agreement.ts";
import { readFacts } from "../../../src/media/inspect/mediaInfo.ts";
import { formatOfFileName } from "../../../src/media/inspect/formats.ts";
import { sampleBytes, sampleNames, truth } from "../../fixtures/media/samples.ts";
import { countingSource } from "../../support/media/countingSource.ts";

describe("the samples", { timeout: 30_000 }, () => {
  for (const name of sampleNames) {
    it(`tells of ${name} what exiftool tells`, async () => {
      const format = formatOfFileName(name);
      const expected = truth.get(name);
      if (format === null || expected === undefined) throw new Error("unknown file");
      const source = countingSource(await sampleBytes(name));
      const facts = await readFacts(source, format);
      expect(differences(facts, expected)).toEqual([]);
      expect(facts.problem).toBeNull();
      expect(source.counts.bytes).toBeLessThan(256 * 1024);
      expect(source.counts.reads).toBeLessThanOrEqual(4);
      const mime = expected.fields["mime_type"];
      expect([mime?.v, ...(mime?.a ?? [])]).toContain(format.mimeType);
    });
  }
});
