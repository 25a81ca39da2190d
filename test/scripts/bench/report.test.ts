import { expect, it } from "vitest";
import { countNames } from "../../../bench/counts/countedStep.ts";
import { compareCounts } from "../../../bench/report/compareCounts.ts";
import { type Figures, parseFigures, type Results } from "../../../bench/report/figures.ts";
import { rounded, withoutPadding } from "../../../bench/report/markdown.ts";
import { fillBlocks } from "../../../bench/report/pages.ts";
import { platformRatio } from "../../../bench/report/ratios.ts";

function counted(rowsWritten: number, databaseBytesPerPhoto = 5000): Figures<"counts"> {
  const counts = { ...Object.fromEntries(countNames.map((name) => [name, 1])), rowsWritten };
  const steps = [{ subject: "photo", step: "upload", counts }];
  return parseFigures("counts", { steps, databaseBytesPerPhoto, derivedBytesPerPhoto: 400_000 });
}

it("finds no difference between equal counts", () => {
  expect(compareCounts(counted(40), counted(40, 5100))).toEqual([]);
});

it("reports a count that grew and one that fell", () => {
  expect(compareCounts(counted(40), counted(41))).toEqual(["photo: upload: rows written grew from 40 to 41"]);
  expect(compareCounts(counted(40), counted(39))).toEqual(["photo: upload: rows written fell from 40 to 39"]);
});

it("reports a step that is missing on either side, and a larger database", () => {
  const empty = { ...counted(40), steps: [] };
  expect(compareCounts(counted(40), empty)).toEqual(["photo: upload: is no longer counted"]);
  expect(compareCounts(empty, counted(40))).toEqual(["photo: upload: is not recorded"]);
  expect(compareCounts(counted(40), counted(40, 6000))).toEqual(["databaseBytesPerPhoto changed from 5000 to 6000"]);
});

it("fills the blocks of a page and keeps the text around them", () => {
  const page = "before\n<!-- figures: rows: Map, a city -->\nold\n<!-- end -->\nafter\n";
  const filled = fillBlocks(page, (name) => `[${name}]`);
  expect(filled).toBe("before\n<!-- figures: rows: Map, a city -->\n\n[rows: Map, a city]\n\n<!-- end -->\nafter\n");
  expect(fillBlocks(filled, (name) => `[${name}]`)).toBe(filled);
});

it("compares tables without the padding of the formatter", () => {
  expect(withoutPadding("| a     |   b |\n| ----- | --: |")).toBe(withoutPadding("| a | b |\n|---|--:|"));
  expect(withoutPadding("| 1 |")).not.toBe(withoutPadding("| 2 |"));
});

function load(perSecond: number, p50Ms: number) {
  return { perSecond, p50Ms, p95Ms: p50Ms, cpuMs: 1, requests: 10 };
}

it("takes the median of the rounds' ratios to the platform", () => {
  const cell = (system: string, inFlight: number, loads: ReturnType<typeof load>[]) => ({
    work: "asset",
    system,
    inFlight,
    loads,
  });
  const cells = [
    cell("Tintype", 1, [load(1, 12), load(1, 90), load(1, 11)]),
    cell("platform", 1, [load(1, 10), load(1, 10), load(1, 10)]),
    cell("Tintype", 16, [load(100, 1), load(50, 1), load(90, 1)]),
    cell("platform", 16, [load(150, 1), load(150, 1), load(90, 1)]),
  ];
  const results = { cells } as unknown as Results;
  expect(platformRatio(results, "asset", 1)).toBe(1.2);
  expect(platformRatio(results, "asset", 16)).toBe(1.5);
});

it("prints three significant digits", () => {
  expect([0, 0.12345, 1.234, 12.34, 1234.5, 25e9].map(rounded)).toEqual([
    "0",
    "0.123",
    "1.23",
    "12.3",
    "1,230",
    "25,000,000,000",
  ]);
});
