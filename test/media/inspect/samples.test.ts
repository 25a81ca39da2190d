/** Compares the sample photos and videos with the output of exiftool and ffprobe. */
import { describe, expect, it } from "vitest";
import { differences } from "../../../scripts/checkMetadata/agreement.ts";
import { readMediaInfo } from "../../../src/media/inspect/mediaInfo.ts";
import { formatForFileName } from "../../../src/media/inspect/formats.ts";
import { sampleBytes, sampleNames, expectedMetadata } from "../../fixtures/media/samples.ts";
import { countingSource } from "../../support/media/countingSource.ts";

describe("the samples", { timeout: 30_000 }, () => {
  for (const name of sampleNames) {
    it(`reads the same metadata as exiftool from ${name}`, async () => {
      const format = formatForFileName(name);
      const expected = expectedMetadata.get(name);
      if (format === null || expected === undefined) throw new Error("unknown file");
      const source = countingSource(await sampleBytes(name));
      const info = await readMediaInfo(source, format);
      expect(differences(info, expected)).toEqual([]);
      expect(info.problem).toBeNull();
      expect(source.counts.bytes).toBeLessThan(256 * 1024);
      expect(source.counts.reads).toBeLessThanOrEqual(4);
      const mime = expected.fields["mime_type"];
      expect([mime?.v, ...(mime?.a ?? [])]).toContain(format.mimeType);
    });
  }
});
