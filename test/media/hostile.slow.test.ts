/** Broken and malicious bytes: never an error, never more than a bounded part of the file, never a hang. */
import { describe, expect, it } from "vitest";
import { readFacts } from "../../src/media/facts.ts";
import { type MediaFormat, formatOfFileName } from "../../src/media/formats.ts";
import { sampleBytes, sampleNames } from "../fixtures/media/samples.ts";
import { countingSource } from "./countingSource.ts";

const budgetBytes = 4 * 1024 * 1024;
const truncations = 20;
const mutationsPerSample = 16;

function formatOf(name: string): MediaFormat {
  const format = formatOfFileName(name);
  if (format === null) throw new Error(`unknown extension: ${name}`);
  return format;
}

/** A linear congruential generator: the same mutations on every machine. */
function seeded(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function mutated(bytes: Uint8Array, random: (below: number) => number): Uint8Array {
  const copy = bytes.slice();
  for (let left = 1 + random(20); left > 0; left--) {
    // Headers and tables: at the front, and in videos and RAW files at the back.
    const reach = Math.min(copy.length, random(3) === 0 ? 128 * 1024 : 4096);
    const at = random(3) === 0 ? copy.length - 1 - random(Math.min(copy.length, 9000)) : random(reach);
    const kind = random(4);
    if (kind === 0) copy[at] = random(256);
    else if (kind === 1) copy.fill(0xff, at, at + 4);
    else if (kind === 2) copy.fill(0, at, at + 4);
    else copy[at] = (copy[at] ?? 0) ^ (1 << random(8));
  }
  return copy;
}

/** What is wrong with the answer to these bytes; nothing, it is hoped. */
async function complaints(bytes: Uint8Array, name: string): Promise<string[]> {
  const source = countingSource(bytes);
  const facts = await readFacts(source, formatOf(name));
  const found: string[] = [];
  if (source.counts.bytes > budgetBytes) found.push(`read ${source.counts.bytes} bytes`);
  if (facts.problem?.includes("could not be read")) found.push(facts.problem);
  const numbers = [facts.width, facts.height, facts.durationSeconds, ...Object.values(facts.metadata)];
  if (numbers.some((value) => typeof value === "number" && !Number.isFinite(value))) found.push("not a number");
  return found;
}

describe("hostile bytes", { timeout: 30_000 }, () => {
  for (const [index, name] of sampleNames.entries()) {
    it(`reads ${name} cut short anywhere without an error`, async () => {
      const bytes = await sampleBytes(name);
      for (let i = 0; i < truncations; i++) {
        const length = i < truncations / 2 ? i * 97 : Math.floor((bytes.length * i) / truncations);
        expect(await complaints(bytes.subarray(0, length), name)).toEqual([]);
      }
    });

    it(`reads ${name} with bytes changed without an error`, async () => {
      const bytes = await sampleBytes(name);
      const random = seeded(index + 1);
      for (let i = 0; i < mutationsPerSample; i++) {
        expect(await complaints(mutated(bytes, random), name)).toEqual([]);
      }
    });
  }

  it("survives a source that fails", async () => {
    const broken = { sizeBytes: 1000, read: () => Promise.reject(new Error("R2 is away")) };
    const facts = await readFacts(broken, formatOf("a.jpg"));
    expect(facts.problem).toBe("the jpg file could not be read: R2 is away");
  });

  it("survives random bytes under every family's first bytes", async () => {
    const random = seeded(99);
    const starts = [
      "\xff\xd8\xff\xe1",
      "\x89PNG\r\n\x1a\n",
      "II*\0\x08\0\0\0",
      "MM\0*\0\0\0\x08",
      "GIF89a",
      "RIFF\0\0\0\0WEBPVP8X",
      "\0\0\0\x18ftypheic",
      "\0\0\0\x18ftypcrx ",
      "\0\0\0\x18ftypisom",
      "\x1a\x45\xdf\xa3",
      "\xff\x0a",
      "FUJIFILMCCD-RAW",
      "RIFF\0\0\0\0AVI LIST",
    ];
    for (const start of starts) {
      for (let i = 0; i < 20; i++) {
        const bytes = Uint8Array.from({ length: 3000 }, () => random(i % 2 === 0 ? 256 : 4));
        for (let at = 0; at < start.length; at++) bytes[at] = start.charCodeAt(at);
        expect(await complaints(bytes, "a.jpg")).toEqual([]);
      }
    }
  });
});
