import { expect, it } from "vitest";
import type { CountedCosts, Counts } from "../../../bench/counts/countedStep.ts";
import { type BillInput, importUsage, monthlyUsage, storageDollars } from "../../../bench/report/bill.ts";
import { browsing } from "../../../bench/report/browsing.ts";
import { billLimits, countLimits } from "../../../bench/report/countedLimits.ts";
import { unitDollars, usageDollars } from "../../../bench/report/prices.ts";

const none: Counts = {
  requests: 0,
  roundTrips: 0,
  rowsRead: 0,
  rowsWritten: 0,
  classA: 0,
  classB: 0,
  queueMessages: 0,
  renderings: 0,
  placeFiles: 0,
};

function step(subject: string, name: string, counts: Partial<Counts>) {
  return { subject, step: name, counts: { ...none, ...counts } };
}

const photo = "photo, RENDERER=images";
const library = "library of 10,000";

const costs: CountedCosts = {
  databaseBytesPerPhoto: 5000,
  derivedBytesPerPhoto: 500_000,
  steps: [
    step(photo, "upload", { requests: 1, rowsWritten: 30, classA: 1, queueMessages: 1 }),
    step(photo, "all tasks", { requests: 1, rowsWritten: 20, classA: 3, classB: 1, renderings: 1, placeFiles: 1 }),
    step(photo, "later thumbnail", { requests: 1, classB: 1 }),
    step(photo, "first fullsize", { requests: 1, classA: 1, renderings: 1 }),
    step("library of 40", "integrity report", { rowsRead: 80 }),
    step("library of 40", "scrub", { classB: 40 }),
    step("library of 40", "scheduled run, nothing due", { requests: 1, rowsRead: 10 }),
    ...["one asset", "page of 100, lean", "month counts", "page of events"].map((name) =>
      step(library, name, { requests: 1, rowsRead: 100 }),
    ),
  ],
};

const input: BillInput = {
  costs,
  cpu: { importMs: { images: 100, worker: 200 }, requestMs: 1, pageMs: 2, scrubMs: 10 },
};

it("charges only what exceeds the included amount", () => {
  expect(unitDollars("rowsWritten", 50_000_000, true)).toBe(0);
  expect(unitDollars("rowsWritten", 60_000_000, true)).toBe(10);
  expect(unitDollars("rowsWritten", 10_000_000, false)).toBe(10);
});

it("rounds R2 operations up to whole millions", () => {
  expect(unitDollars("classA", 1_000_001, true)).toBe(4.5);
  expect(unitDollars("classB", 12_500_000, true)).toBeCloseTo(3 * 0.36);
});

it("charges an import for every photo's upload and tasks", () => {
  const usage = importUsage(input, "images", 100_000);
  expect(usage).toMatchObject({
    rowsWritten: 5_000_000,
    classA: 400_000,
    transformations: 100_000,
    queueOperations: 300_000,
    cpuMs: 10_000_000,
    databaseGb: 0.5,
  });
  // A place file that a task reads is a request too.
  expect(usage.requests).toBe(300_000);
  expect(usageDollars(usage)).toBe(47.5);
});

it("bills cache hits as requests without CPU time", () => {
  const shown = browsing.thumbnailsPerSession + browsing.previewsPerSession;
  const images = browsing.sessionsPerDay * browsing.daysPerMonth * shown;
  const usage = monthlyUsage(input, "images", 0);
  const scheduled = monthlyUsage({ ...input, cpu: { ...input.cpu, requestMs: 0 } }, "images", 0);
  expect(usage.requests).toBeGreaterThan(images);
  expect(usage.cpuMs - scheduled.cpuMs).toBeLessThan(usage.requests - images * browsing.cacheHitShare + 1);
});

it("reads every original about four times a month for the scrub", () => {
  const small = monthlyUsage(input, "images", 0);
  const large = monthlyUsage(input, "images", 100_000);
  expect(large.classB - small.classB).toBeCloseTo((100_000 * 30) / 7, 0);
  expect(large.rowsRead - small.rowsRead).toBeCloseTo((30 * 80 * 100_000) / 40, 0);
});

it("charges storage beyond the free 10 GB by whole gigabytes", () => {
  expect(storageDollars(costs, 1000)).toBe(0);
  expect(storageDollars(costs, 100_000)).toBeCloseTo(390 * 0.015);
});

it("names the count that is missing", () => {
  expect(() => importUsage({ ...input, costs: { ...costs, steps: [] } }, "images", 1)).toThrow(
    'no counts of "upload" for "photo, RENDERER=images"',
  );
});

function arrival(subject: string, rowsWritten: number, renderings: number) {
  return [
    step(subject, "upload", { roundTrips: 3, rowsWritten: 30 }),
    step(subject, "all tasks", { roundTrips: 6, rowsWritten: rowsWritten - 30, renderings }),
  ];
}

function limitedCosts(rowsWritten: number): CountedCosts {
  const steps = [
    ...arrival(photo, rowsWritten, 1),
    ...arrival("photo, RENDERER=worker", rowsWritten, 0),
    ...arrival("JPEG without GPS", 35, 1),
    step(library, "one asset", { roundTrips: 1 }),
    step(library, "page of 100, lean", { roundTrips: 1 }),
  ];
  return { ...costs, steps };
}

it("accepts counts at their limits and names the one beyond", () => {
  const broken = (rowsWritten: number) => countLimits(limitedCosts(rowsWritten)).filter(({ holds }) => !holds);
  expect(broken(55)).toEqual([]);
  expect(broken(56)).toEqual([{ title: "rows written, photo with GPS", value: "56", limit: "≤ 55", holds: false }]);
});

it("names an import that costs more than its limit", () => {
  const forWorker = costs.steps.map((counted) => ({
    ...counted,
    subject: counted.subject.replace("=images", "=worker"),
  }));
  const both = { ...costs, steps: [...costs.steps, ...forWorker] };
  const broken = billLimits({ ...input, costs: both }).filter(({ holds }) => !holds);
  expect(broken.map(({ title, value }) => `${title}: ${value}`)).toEqual([
    "import of 100,000 photos, RENDERER=worker: $47.50",
  ]);
});
