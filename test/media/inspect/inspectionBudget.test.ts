/** One budget limits what reading a file's metadata costs; what was read before it ended is kept. */
import { brotliCompressSync, deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { memorySource } from "../../../src/media/inspect/bytes/byteSource.ts";
import { boundedSource } from "../../../src/media/inspect/bytes/boundedSource.ts";
import { decompressBrotliBlock, inflateBlock } from "../../../src/media/inspect/bytes/decompression.ts";
import {
  DECOMPRESSION_COST_BYTES,
  INSPECTION_BUDGET_BYTES,
  PARSING_RESERVE_BYTES,
  inspectionBudget,
} from "../../../src/media/inspect/bytes/inspectionBudget.ts";
import { formatForFileName } from "../../../src/media/inspect/formats.ts";
import { readImageContent } from "../../../src/media/inspect/imageInfo.ts";
import { type MediaInfo, readMediaInfo } from "../../../src/media/inspect/mediaInfo.ts";
import { parseXmp } from "../../../src/media/inspect/metadata/xmp.ts";
import { readPreservedMetadata } from "../../../src/media/transcode/rewrite/preservedMetadata.ts";
import {
  ascii,
  box,
  exifSegment,
  jpeg,
  segment,
  tiff,
  u32,
  xmpPacket,
  xmpSegment,
} from "../../support/media/buildImage.ts";
import { countingSource } from "../../support/media/countingSource.ts";
import {
  type CostlyFile,
  type HeifItemSpec,
  copies,
  costlyFiles,
  eXIf,
  heic,
  heifExif,
  jxl,
  png,
  pngProfile,
  tagHeavyXmp,
} from "../../support/media/costlyFiles.ts";

const MIB = 2 ** 20;
const files = costlyFiles();

async function read({ name, bytes }: CostlyFile, budget = inspectionBudget()): Promise<MediaInfo> {
  const format = formatForFileName(name);
  if (format === null) throw new Error(`unknown extension: ${name}`);
  return await readMediaInfo(memorySource(bytes), format, budget);
}

describe("the budget of one file", () => {
  it("refuses what exceeds the rest, charges nothing for it, and keeps a reserve for parsing", () => {
    const budget = inspectionBudget();
    expect(budget.spend(INSPECTION_BUDGET_BYTES - PARSING_RESERVE_BYTES + 1)).toBe(false);
    expect(budget.spentBytes()).toBe(0);
    expect(budget.spend(INSPECTION_BUDGET_BYTES - PARSING_RESERVE_BYTES)).toBe(true);
    expect(budget.spend(1)).toBe(false);
    expect(budget.spendOnParsing(PARSING_RESERVE_BYTES)).toBe(true);
    expect(budget.spendOnParsing(1)).toBe(false);
  });

  it("is charged for bytes fetched and for bytes handed out again from memory", async () => {
    const budget = inspectionBudget();
    const counting = countingSource(new Uint8Array(MIB));
    const source = boundedSource(counting, 4 * MIB, budget);
    let handedOut = 0;
    for (let i = 0; i < 1000; i++) handedOut += (await source.read(0, MIB)).length;
    expect(counting.counts.bytes).toBe(MIB);
    expect(handedOut).toBeGreaterThanOrEqual(4 * MIB);
    expect(handedOut + counting.counts.bytes).toBeLessThanOrEqual(INSPECTION_BUDGET_BYTES);
  });

  it("is charged for the output of a decompression, and for what a failed one could have produced", async () => {
    const zeros = deflateSync(new Uint8Array(MIB));
    const budget = inspectionBudget();
    expect((await inflateBlock(zeros, MIB, budget))?.length).toBe(MIB);
    expect(budget.spentBytes()).toBe(DECOMPRESSION_COST_BYTES + zeros.length + MIB);
    const failing = inspectionBudget();
    expect(await inflateBlock(zeros, MIB - 1, failing)).toBeNull();
    expect(failing.spentBytes()).toBeGreaterThanOrEqual(MIB - 1);
    const damaged = inspectionBudget();
    expect(await inflateBlock(zeros.subarray(2), MIB, damaged)).toBeNull();
    expect(damaged.spentBytes()).toBeGreaterThanOrEqual(MIB);
    const brotli = inspectionBudget();
    expect(await decompressBrotliBlock(brotliCompressSync(new Uint8Array(2 * MIB)), MIB, brotli)).toBeNull();
    expect(brotli.spentBytes()).toBeGreaterThanOrEqual(MIB);
  });

  it("limits the decompressions of one file, even tiny ones", async () => {
    const tiny = deflateSync(new Uint8Array(1));
    const budget = inspectionBudget();
    let succeeded = 0;
    for (let i = 0; i < 4000; i++) if ((await inflateBlock(tiny, MIB, budget)) !== null) succeeded += 1;
    expect(succeeded).toBeGreaterThan(100);
    expect(succeeded).toBeLessThan(INSPECTION_BUDGET_BYTES / DECOMPRESSION_COST_BYTES);
  });

  it("ends the parsing of XMP; the properties before are kept", () => {
    const budget = inspectionBudget();
    const packet = tagHeavyXmp(MIB, "<dc:title>first</dc:title>");
    const packets = Array.from({ length: 4 }, () => parseXmp(packet, budget));
    expect(packets[0]?.get("dc:title")).toEqual(["first"]);
    expect(budget.spentBytes()).toBeLessThanOrEqual(INSPECTION_BUDGET_BYTES);
    expect(budget.spendOnParsing(MIB)).toBe(false);
  });
});

describe("a file that would cost much work", () => {
  it.each(files)("$name is read within the budget", async (file) => {
    const budget = inspectionBudget();
    const info = await read(file, budget);
    expect(info.problem ?? "").not.toContain("could not be read");
    expect(budget.spentBytes()).toBeGreaterThan(0);
    expect(budget.spentBytes()).toBeLessThanOrEqual(INSPECTION_BUDGET_BYTES);
  });

  it.each(files.filter(({ name }) => formatForFileName(name)?.mediaType === "image"))(
    "$name keeps at most the budget in memory",
    async ({ name, bytes }) => {
      const family = formatForFileName(name)?.family ?? "jpeg";
      const budget = inspectionBudget();
      const content = await readImageContent(boundedSource(memorySource(bytes), 4 * MIB, budget), family, budget);
      const blocks = [
        ...(content?.xmp ?? []),
        ...(content?.iptc ?? []),
        ...(content?.exif ?? []).map((block) => block.bytes),
      ];
      expect(blocks.reduce((sum, block) => sum + (block?.length ?? 0), 0)).toBeLessThanOrEqual(INSPECTION_BUDGET_BYTES);
    },
  );

  const bomb: HeifItemSpec = { type: "xmp", isDeflated: true, content: deflateSync(new Uint8Array(16 * MIB + 7)) };
  const brob = box("brob", "xml ", brotliCompressSync(new Uint8Array(MIB)));
  const profile = pngProfile("xmp", new Uint8Array(2 * MIB));
  const exif = box("Exif", u32(0), tiff({ image: [ascii(0x10f, "Apple\0")] }));
  it.each<[string, Uint8Array]>([
    ["a.jxl", jxl(exif, ...copies(250, brob))],
    ["a.png", png(eXIf("Apple"), ...copies(150, profile))],
    ["a.heic", heic([...copies(4000, bomb), heifExif("Apple", "2025:09:01 17:30:40")])],
    [
      "a.jpg",
      jpeg(
        40,
        30,
        exifSegment({ image: [ascii(0x10f, "Apple\0")] }),
        ...Array.from({ length: 60 }, () => xmpSegment("<a/>".repeat(15_000))),
      ),
    ],
  ])("%s keeps its size and EXIF, also for edited versions", async (name, bytes) => {
    const { width, metadata, problem } = await read({ name, bytes });
    expect(width).toBeGreaterThan(0);
    expect(metadata.make).toBe("Apple");
    expect(problem).toBeNull();
    const { exif: preserved } = await readPreservedMetadata(memorySource(bytes));
    expect(preserved?.tables.image.map(({ tag }) => tag)).toContain(0x10f);
  });
});

describe("the largest blocks that are read", () => {
  it("fit into the budget: 1 MiB of XMP beside a colour profile of 1 MiB", async () => {
    const properties = "<dc:subject>a property of a large packet</dc:subject>".repeat(18_000);
    const packet = xmpPacket(`${properties}<dc:description>at the end</dc:description>`);
    expect(packet.length).toBeGreaterThan(0.9 * MIB);
    const partBytes = 62_000;
    const parts = Array.from({ length: Math.ceil(packet.length / partBytes) }, (_, i) => {
      const part = packet.subarray(i * partBytes, (i + 1) * partBytes);
      const header = ["http://ns.adobe.com/xmp/extension/\0", "0".repeat(32), u32(packet.length), u32(i * partBytes)];
      return segment(0xe1, ...header, part);
    });
    const profile = Array.from({ length: 16 }, (_, i) =>
      segment(0xe2, "ICC_PROFILE\0", [i + 1, 16], new Uint8Array(64_000)),
    );
    const { metadata } = await read({ name: "a.jpg", bytes: jpeg(8, 8, ...profile, ...parts) });
    expect(metadata.description).toBe("at the end");
  });
});

describe("a HEIC with many metadata items", () => {
  const xmp: HeifItemSpec = { type: "xmp", content: xmpPacket("") };

  it.each([0, 7, 8, 12, 40])("has its EXIF after %i XMP items, as iPhones write them", async (count) => {
    const bytes = heic([...copies(count, xmp), heifExif("Apple", "2025:09:01 17:30:40")]);
    const info = await read({ name: "a.heic", bytes });
    expect(info).toMatchObject({ width: 4032, height: 3024, metadata: { make: "Apple" } });
    expect(info.captureTime?.wallUs).toBe(Date.UTC(2025, 8, 1, 17, 30, 40) * 1000);
  });

  it("takes the XMP that describes the primary image before that of others", async () => {
    const other: HeifItemSpec = { type: "xmp", content: xmpPacket("<dc:description>a matte</dc:description>") };
    const main: HeifItemSpec = {
      type: "xmp",
      describesPrimary: true,
      content: xmpPacket("<dc:description>a dog</dc:description>"),
    };
    const bytes = heic([...copies(6, other), main]);
    expect((await read({ name: "a.heic", bytes })).metadata.description).toBe("a dog");
  });
});
