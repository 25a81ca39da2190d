/**
 * `npm run check:metadata -- <folder> <truth.json>`: reads every file that the truth names and prints how far the two
 * agree, by field and by format. The truth is of the form of test/fixtures/media/truth.json, or what
 * `exiftool -j -a -G0:1 -n` prints. Changes nothing and talks to nothing.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { readFacts } from "../src/media/inspect/mediaInfo.ts";
import { formatOfFileName } from "../src/media/inspect/formats.ts";
import { type Difference, type Truth, differences, judged } from "./checkMetadata/agreement.ts";
import { truthOf } from "./checkMetadata/exiftoolTruth.ts";
import { isVideo, videoTruthOf } from "./checkMetadata/exiftoolVideoTruth.ts";
import { openFile } from "./checkMetadata/fileSource.ts";
import { Tally, printTally } from "./checkMetadata/report.ts";

interface Options {
  /** Print the tables alone. */
  quiet: boolean;
  /** Other answers that are not wrong count as differences. */
  strict: boolean;
}

const value = z.union([z.string(), z.number(), z.null()]);
const expected = z.looseObject({
  v: value.default(null),
  a: z.array(z.union([z.string(), z.number()])).optional(),
  any: z.boolean().optional(),
  empty: z.boolean().optional(),
  hard: z.string().optional(),
  off: z.string().optional(),
  src: z.string().optional(),
});
const truth = z.looseObject({ kind: z.string().default("image"), fields: z.record(z.string(), expected) });
const truthFile = z.record(z.string(), truth);
const exiftoolFile = z.array(z.looseObject({ SourceFile: z.string() }));

function readTruth(path: string): Map<string, Truth> {
  const json: unknown = JSON.parse(readFileSync(path, "utf8"));
  if (!Array.isArray(json)) return new Map(Object.entries(truthFile.parse(json)));
  const truthOfAny = (tags: Record<string, unknown>) => (isVideo(tags) ? videoTruthOf(tags) : truthOf(tags));
  return new Map(exiftoolFile.parse(json).map((tags) => [tags.SourceFile, truthOfAny(tags)]));
}

function withoutOthers({ kind, fields }: Truth): Truth {
  return {
    kind,
    fields: Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, { ...field, a: undefined }])),
  };
}

function spelled({ field, answer, expected: { v, src = "no tag" } }: Difference): string {
  return `${field} is ${JSON.stringify(answer)}, expected ${JSON.stringify(v)} (${src})`;
}

/** How many bytes of the file were read. */
async function checkFile(
  path: string,
  name: string,
  expectedOfIt: Truth,
  tally: Tally,
  quiet: boolean,
): Promise<number> {
  const format = formatOfFileName(name);
  if (format === null) throw new Error(`${name} is of no format that is taken`);
  const source = await openFile(path);
  try {
    const facts = await readFacts(source, format);
    for (const one of judged(facts, expectedOfIt)) tally.add(format.extension, one);
    for (const one of quiet ? [] : differences(facts, expectedOfIt)) console.log(`${name}: ${spelled(one)}`);
    return source.counts.bytes;
  } finally {
    await source.close();
  }
}

async function checkFolder(folder: string, truthPath: string, { quiet, strict }: Options): Promise<void> {
  const tally = new Tally();
  const costs: number[] = [];
  for (const [name, found] of readTruth(truthPath)) {
    if (formatOfFileName(name)?.mediaType !== found.kind) continue;
    costs.push(await checkFile(join(folder, name), name, strict ? withoutOthers(found) : found, tally, quiet));
  }
  printTally(tally);
  const sum = costs.reduce((total, bytes) => total + bytes, 0);
  const kibibytes = (bytes: number) => `${Math.round(bytes / 1024)} KiB`;
  console.log(
    `\n${costs.length} files; read of one: ${kibibytes(sum / costs.length)} on average, ${kibibytes(Math.max(...costs))} at most.`,
  );
  if (tally.total.agreeing < tally.total.values) process.exitCode = 1;
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { quiet: { type: "boolean", default: false }, strict: { type: "boolean", default: false } },
});
const [folder, truthPath] = positionals;
if (folder === undefined || truthPath === undefined) {
  console.error("npm run check:metadata -- <folder> <truth.json> [--quiet] [--strict]");
  process.exitCode = 2;
} else {
  await checkFolder(folder, truthPath, values);
}
