/**
 * `npm run check:metadata -- <folder> <expected.json>`: reads each listed file and prints the agreement by field and by
 * format. The expected values are in the format of test/fixtures/media/truth.json, or the output of `exiftool -j -a
 * -G0:1 -n`. Works offline and is read-only.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { readMediaInfo } from "../src/media/inspect/mediaInfo.ts";
import { formatForFileName } from "../src/media/inspect/formats.ts";
import { type Comparison, type ExpectedFields, differences, comparisons } from "./checkMetadata/agreement.ts";
import { expectedImageFields } from "./checkMetadata/exiftoolTruth.ts";
import { isVideo, expectedVideoFields } from "./checkMetadata/exiftoolVideoTruth.ts";
import { openFile } from "./checkMetadata/fileSource.ts";
import { Tally, printTally } from "./checkMetadata/report.ts";

interface Options {
  /** Print only the tables. */
  quiet: boolean;
  /** Count acceptable alternatives as differences. */
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
const fileFields = z.looseObject({ kind: z.string().default("image"), fields: z.record(z.string(), expected) });
const expectedFile = z.record(z.string(), fileFields);
const exiftoolFile = z.array(z.looseObject({ SourceFile: z.string() }));

function readExpected(path: string): Map<string, ExpectedFields> {
  const json: unknown = JSON.parse(readFileSync(path, "utf8"));
  if (!Array.isArray(json)) return new Map(Object.entries(expectedFile.parse(json)));
  const fieldsOfTags = (tags: Record<string, unknown>) =>
    isVideo(tags) ? expectedVideoFields(tags) : expectedImageFields(tags);
  return new Map(exiftoolFile.parse(json).map((tags) => [tags.SourceFile, fieldsOfTags(tags)]));
}

function withoutAlternatives({ kind, fields }: ExpectedFields): ExpectedFields {
  return {
    kind,
    fields: Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, { ...field, a: undefined }])),
  };
}

function describeDifference({ field, actual, expected: { v, src = "no tag" } }: Comparison): string {
  return `${field} is ${JSON.stringify(actual)}, expected ${JSON.stringify(v)} (${src})`;
}

/** Returns the number of bytes read. */
async function checkFile(
  path: string,
  name: string,
  expectedFields: ExpectedFields,
  tally: Tally,
  quiet: boolean,
): Promise<number> {
  const format = formatForFileName(name);
  if (format === null) throw new Error(`unsupported file extension: ${name}`);
  const source = await openFile(path);
  try {
    const info = await readMediaInfo(source, format);
    for (const comparison of comparisons(info, expectedFields)) tally.add(format.extension, comparison);
    for (const difference of quiet ? [] : differences(info, expectedFields)) {
      console.log(`${name}: ${describeDifference(difference)}`);
    }
    return source.counts.bytes;
  } finally {
    await source.close();
  }
}

async function checkFolder(folder: string, expectedPath: string, { quiet, strict }: Options): Promise<void> {
  const tally = new Tally();
  const costs: number[] = [];
  for (const [name, expectedFields] of readExpected(expectedPath)) {
    if (formatForFileName(name)?.mediaType !== expectedFields.kind) continue;
    costs.push(
      await checkFile(
        join(folder, name),
        name,
        strict ? withoutAlternatives(expectedFields) : expectedFields,
        tally,
        quiet,
      ),
    );
  }
  printTally(tally);
  const sum = costs.reduce((total, bytes) => total + bytes, 0);
  const kibibytes = (bytes: number) => `${Math.round(bytes / 1024)} KiB`;
  console.log(
    `\n${costs.length} files; bytes read per file: ${kibibytes(sum / costs.length)} on average, ${kibibytes(Math.max(...costs))} at most.`,
  );
  if (tally.total.agreeing < tally.total.values) process.exitCode = 1;
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { quiet: { type: "boolean", default: false }, strict: { type: "boolean", default: false } },
});
const [folder, expectedPath] = positionals;
if (folder === undefined || expectedPath === undefined) {
  console.error("npm run check:metadata -- <folder> <expected.json> [--quiet] [--strict]");
  process.exitCode = 2;
} else {
  await checkFolder(folder, expectedPath, values);
}
