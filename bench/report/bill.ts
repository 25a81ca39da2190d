/** The bill of a library, from counted operations, measured CPU time and the model of browsing. */
import type { CountedCosts, Counts } from "../counts/countedStep.ts";
import { browsing, schedule } from "./browsing.ts";
import { BYTES_PER_GB, OPERATIONS_PER_MESSAGE, type Usage, R2_DOLLARS_PER_GB, R2_FREE_GB } from "./prices.ts";

export const renderers = ["images", "worker"] as const;
export type Renderer = (typeof renderers)[number];

export interface CpuCosts {
  /** Of an upload and all tasks of the photo. */
  importMs: Record<Renderer, number>;
  /** Of a request for an asset or an image that runs the Worker, and of a page of 100. */
  requestMs: number;
  pageMs: number;
  /** Of the digest of a photo that is read again. */
  scrubMs: number;
}

export interface BillInput {
  costs: CountedCosts;
  cpu: CpuCosts;
}

const LOG_EVENTS_PER_REQUEST = 2;

export const noUsage: Usage = {
  requests: 0,
  cpuMs: 0,
  logEvents: 0,
  rowsRead: 0,
  rowsWritten: 0,
  databaseGb: 0,
  classA: 0,
  classB: 0,
  queueOperations: 0,
  transformations: 0,
};

export function findCounts({ steps }: CountedCosts, subject: string, step: string): Counts {
  const found = steps.find((counted) => counted.subject === subject && counted.step === step);
  if (found === undefined) throw new Error(`no counts of "${step}" for "${subject}"; run npm run bench:counts`);
  return found.counts;
}

/** The counts of a photo's arrival in the text index; none in figures that are older than the search. */
export function indexCounts({ steps }: CountedCosts, subject: string): Counts | null {
  return steps.find((counted) => counted.subject === subject && counted.step === "text index")?.counts ?? null;
}

/** `times` repetitions of a step. The place files that a task reads are requests too, once a cache is in front. */
function usageOf(counts: Counts, times: number, cpuMs: number): Usage {
  const requests = counts.requests + counts.placeFiles;
  return {
    requests: requests * times,
    cpuMs: cpuMs * times,
    logEvents: counts.requests * LOG_EVENTS_PER_REQUEST * times,
    rowsRead: counts.rowsRead * times,
    rowsWritten: counts.rowsWritten * times,
    databaseGb: 0,
    classA: counts.classA * times,
    classB: counts.classB * times,
    queueOperations: counts.queueMessages * OPERATIONS_PER_MESSAGE * times,
    transformations: counts.renderings * times,
  };
}

function sum(usages: Usage[]): Usage {
  const total = { ...noUsage };
  for (const usage of usages) {
    for (const unit of Object.keys(total) as (keyof Usage)[]) total[unit] += usage[unit];
  }
  return total;
}

export const photoSubject = (renderer: Renderer): string => `photo, RENDERER=${renderer}`;

/** Uploads photos and runs their tasks. */
export function importUsage({ costs, cpu }: BillInput, renderer: Renderer, photos: number): Usage {
  const subject = photoSubject(renderer);
  const counts = ["upload", "all tasks"].map((step) => findCounts(costs, subject, step));
  const steps = [...counts, indexCounts(costs, subject) ?? []].flat().map((each) => usageOf(each, photos, 0));
  return { ...sum(steps), cpuMs: cpu.importMs[renderer] * photos, databaseGb: databaseGb(costs, photos) };
}

function databaseGb(costs: CountedCosts, photos: number): number {
  return (costs.databaseBytesPerPhoto * photos) / BYTES_PER_GB;
}

/** What runs every day without anyone browsing: the schedule, its checks and the scrub of all originals. */
function scheduleUsage({ costs, cpu }: BillInput, photos: number): Usage {
  const counted = costs.steps.find(({ step }) => step === "integrity report");
  if (counted === undefined) throw new Error("no counts of the integrity report; run npm run bench:counts");
  const checkedPhotos = Number(/\d+/.exec(counted.subject)?.[0]);
  const perPhoto = (step: string): Counts => findCounts(costs, counted.subject, step);
  const days = browsing.daysPerMonth;
  const listings = (photos * schedule.objectsPerPhoto) / schedule.objectsPerListing;
  const report = usageOf({ ...perPhoto("integrity report"), classA: 0 }, photos / checkedPhotos, 0);
  const scrub = usageOf(perPhoto("scrub"), (photos / checkedPhotos) * schedule.scrubRoundsPerMonth, 0);
  return sum([
    usageOf(perPhoto("scheduled run, nothing due"), schedule.runsPerDay * days, cpu.requestMs),
    sum(Array.from({ length: days * schedule.integrityReportsPerDay }, () => ({ ...report, classA: listings }))),
    { ...scrub, cpuMs: photos * schedule.scrubRoundsPerMonth * cpu.scrubMs },
  ]);
}

/** A month of browsing, new photos and scheduled runs in a library of `photos`. */
export function monthlyUsage(input: BillInput, renderer: Renderer, photos: number): Usage {
  const { costs, cpu } = input;
  const days = browsing.daysPerMonth;
  const sessions = browsing.sessionsPerDay * days;
  const library = (step: string): Counts => findCounts(costs, "library of 10,000", step);
  const image = (step: string): Counts => findCounts(costs, photoSubject(renderer), step);
  const missShare = 1 - browsing.cacheHitShare;
  const images = sessions * (browsing.thumbnailsPerSession + browsing.previewsPerSession);
  const polls = browsing.syncingDevices * browsing.pollsPerDeviceAndDay * days;
  return sum([
    usageOf(library("month counts"), sessions * browsing.monthCountsPerSession, cpu.requestMs),
    usageOf(library("page of 100, lean"), sessions * browsing.pagesOf100PerSession, cpu.pageMs),
    usageOf(library("one asset"), sessions * browsing.assetsPerSession, cpu.requestMs),
    usageOf(image("later thumbnail"), images * missShare, cpu.requestMs),
    { ...noUsage, requests: images * browsing.cacheHitShare },
    usageOf(image("first fullsize"), sessions * browsing.fullsizePerSession, cpu.requestMs),
    usageOf(library("page of events"), polls, cpu.requestMs),
    { ...importUsage(input, renderer, browsing.newPhotosPerDay * days), databaseGb: 0 },
    scheduleUsage(input, photos),
    { ...noUsage, databaseGb: databaseGb(costs, photos) },
  ]);
}

/** Originals and derived images. */
export function storedBytes(costs: CountedCosts, photos: number): number {
  return photos * (browsing.originalBytes + costs.derivedBytesPerPhoto);
}

export function storageDollars(costs: CountedCosts, photos: number): number {
  return Math.ceil(Math.max(0, storedBytes(costs, photos) / BYTES_PER_GB - R2_FREE_GB)) * R2_DOLLARS_PER_GB;
}
