/** Cloudflare's published prices in dollars, and what its plans include. Read on `PRICES_READ`. */

export const PRICES_READ = "2026-11-28";

export const unitNames = [
  "requests",
  "cpuMs",
  "logEvents",
  "rowsRead",
  "rowsWritten",
  "databaseGb",
  "classA",
  "classB",
  "queueOperations",
  "transformations",
] as const;

export type UnitName = (typeof unitNames)[number];

export interface Price {
  title: string;
  /** Included each month in the Workers Paid plan or free of charge. */
  included: number;
  /** Dollars for each `per` beyond. */
  dollars: number;
  per: number;
  /** R2 bills whole units: one operation more than a million costs two millions. Images is billed by the thousand. */
  isRoundedUp: boolean;
  url: string;
}

const WORKERS = "https://developers.cloudflare.com/workers/platform/pricing/";
const D1 = "https://developers.cloudflare.com/d1/platform/pricing/";
const R2 = "https://developers.cloudflare.com/r2/pricing/";
const QUEUES = "https://developers.cloudflare.com/queues/platform/pricing/";
const IMAGES = "https://developers.cloudflare.com/images/pricing/";

const MILLION = 1_000_000;

function price(title: string, included: number, dollars: number, per: number, url: string, isRoundedUp = false): Price {
  return { title, included, dollars, per, url, isRoundedUp };
}

export const prices: Record<UnitName, Price> = {
  requests: price("Worker requests", 10 * MILLION, 0.3, MILLION, WORKERS),
  cpuMs: price("Worker CPU, ms", 30 * MILLION, 0.02, MILLION, WORKERS),
  logEvents: price("Workers Logs, events", 20 * MILLION, 0.6, MILLION, WORKERS),
  rowsRead: price("D1 rows read", 25_000 * MILLION, 0.001, MILLION, D1),
  rowsWritten: price("D1 rows written", 50 * MILLION, 1, MILLION, D1),
  databaseGb: price("D1 storage, GB", 5, 0.75, 1, D1),
  classA: price("R2 class A operations", MILLION, 4.5, MILLION, R2, true),
  classB: price("R2 class B operations", 10 * MILLION, 0.36, MILLION, R2, true),
  queueOperations: price("Queues operations", MILLION, 0.4, MILLION, QUEUES),
  transformations: price("Images transformations", 5000, 0.5, 1000, IMAGES, true),
};

/** Paid each month in any case: the plan, and what R2 stores. */
export const WORKERS_PAID_DOLLARS = 5;
export const R2_DOLLARS_PER_GB = 0.015;
export const R2_FREE_GB = 10;
export const R2_URL = R2;
export const BYTES_PER_GB = 1e9;

/** A message is written, read and deleted. */
export const OPERATIONS_PER_MESSAGE = 3;

export type Usage = Record<UnitName, number>;

/**
 * Dollars for one unit's usage in a month. Without the included amounts it is what the usage adds to the bill of an
 * account that exceeds them anyway, so that nothing is rounded up.
 */
export function unitDollars(unit: UnitName, amount: number, withIncluded: boolean): number {
  const { included, dollars, per, isRoundedUp } = prices[unit];
  if (!withIncluded) return (amount / per) * dollars;
  const units = Math.max(0, amount - included) / per;
  return (isRoundedUp ? Math.ceil(units) : units) * dollars;
}

export function usageDollars(usage: Usage, withIncluded = true): number {
  return unitNames.reduce((sum, unit) => sum + unitDollars(unit, usage[unit], withIncluded), 0);
}

/** Limits of an account without a paid plan. */
export const freePlan = {
  requestsPerDay: 100_000,
  cpuMsPerInvocation: 10,
  logEventsPerDay: 200_000,
  rowsReadPerDay: 5 * MILLION,
  rowsWrittenPerDay: 100_000,
  databaseBytes: 500_000_000,
  queueOperationsPerDay: 10_000,
  transformationsPerMonth: 5000,
  r2Bytes: 10e9,
  classAPerMonth: MILLION,
  classBPerMonth: 10 * MILLION,
} as const;
