/**
 * Fails when reading a file takes more CPU time than its size allows. The clock of local workerd advances during
 * computation, unlike production's, so the time of a call without I/O is its CPU time. Other processes can only lengthen
 * it: the shortest of several runs counts.
 */
import { describe, expect, it } from "vitest";
import { memorySource } from "../../../src/media/inspect/bytes/byteSource.ts";
import { formatForFileName } from "../../../src/media/inspect/formats.ts";
import { readMediaInfo } from "../../../src/media/inspect/mediaInfo.ts";
import { findCoverArt } from "../../../src/media/inspect/video/coverArt.ts";
import { readDisplayImage } from "../../../src/media/transcode/display/displayImage.ts";
import { findHeifDamage } from "../../../src/media/transcode/heif/heifIntegrity.ts";
import { findEmbeddedJpeg } from "../../../src/media/transcode/preview/embeddedJpeg.ts";
import { readPreservedMetadata } from "../../../src/media/transcode/rewrite/preservedMetadata.ts";
import { costlyFiles } from "../../support/media/costlyFiles.ts";
import { type BaseFile, baseFiles, toBase64OrLength } from "../../support/media/metadataInvariants.ts";
import { mutate, seededRandom } from "../../support/media/mutations.ts";

const MAX_CPU_MS_PER_100_KB = 200;
/** The whole budget of a small file: it may inflate and parse 8 MiB. Measured: 40 to 90 ms. */
const MAX_CPU_MS = 250;
const RUNS = 4;
const MUTATIONS_PER_FILE = 60;
const MAX_PREVIEW_BYTES = 20 * 1024 * 1024;

type Reader = [name: string, read: (bytes: Uint8Array) => Promise<unknown>];

/** The functions that read untrusted metadata of such a file. */
function readersOf(name: string): Reader[] {
  const format = formatForFileName(name);
  if (format === null) throw new Error(`unknown extension: ${name}`);
  const readers: Reader[] = [["metadata", (bytes) => readMediaInfo(memorySource(bytes), format)]];
  if (format.mediaType === "image") {
    readers.push(["preserved metadata", (bytes) => readPreservedMetadata(memorySource(bytes))]);
    readers.push(["display", (bytes) => readDisplayImage(memorySource(bytes))]);
  }
  const { family } = format;
  if (family === "tiff" || family === "raf" || family === "cr3")
    readers.push(["preview", (bytes) => findEmbeddedJpeg(memorySource(bytes), family, MAX_PREVIEW_BYTES)]);
  if (family === "heif") readers.push(["damage", (bytes) => findHeifDamage(memorySource(bytes))]);
  if (family === "mp4") readers.push(["cover art", (bytes) => findCoverArt(memorySource(bytes))]);
  return readers;
}

async function cpuMs(read: () => Promise<unknown>): Promise<number> {
  const started = Date.now();
  await read();
  return Date.now() - started;
}

/** Returns a description of each reader that exceeds the limit in every run. */
async function slowReaders(name: string, bytes: Uint8Array): Promise<string[]> {
  const limitMs = MAX_CPU_MS + (MAX_CPU_MS_PER_100_KB * bytes.length) / 100_000;
  const slow: string[] = [];
  for (const [reader, read] of readersOf(name)) {
    let shortest = Infinity;
    for (let run = 0; run < RUNS && shortest > limitMs; run++)
      shortest = Math.min(shortest, await cpuMs(() => read(bytes)));
    if (shortest > limitMs) slow.push(`${reader}: ${shortest} ms, at most ${limitMs} (${toBase64OrLength(bytes)})`);
  }
  return slow;
}

it("measures computation", async () => {
  const spin = async () => {
    let hash = 0;
    for (let i = 0; i < 100_000_000; i++) hash = (hash * 31 + i) | 0;
    await Promise.resolve(hash);
  };
  expect(await cpuMs(spin)).toBeGreaterThan(20);
});

describe("CPU time is at most 200 ms per 100 KB, and a constant", { timeout: 300_000 }, () => {
  const files: BaseFile[] = [
    ...costlyFiles().map(({ name, bytes }) => ({ name, bytes: () => Promise.resolve(bytes) })),
    ...baseFiles,
  ];

  it.each(files)("for $name", async ({ name, bytes }) => {
    expect(await slowReaders(name, await bytes())).toEqual([]);
  });

  it.each(files.map((file, number) => ({ ...file, number })))(
    `for ${MUTATIONS_PER_FILE} mutations of $name`,
    async ({ name, bytes, number }) => {
      const original = await bytes();
      const other = (await files[(number + 5) % files.length]?.bytes()) ?? original;
      const slow: string[] = [];
      for (let i = 0; i < MUTATIONS_PER_FILE; i++) {
        const corrupt = mutate(original, seededRandom(1000 * number + i), other);
        slow.push(...(await slowReaders(name, corrupt)).map((text) => `mutation ${i}: ${text}`));
      }
      expect(slow).toEqual([]);
    },
  );
});
