/** Limits of counted operations and of the bill. They hold on every machine, so `npm run bench:check` enforces them. */
import type { CountedCosts, CountName } from "../counts/countedStep.ts";
import {
  type BillInput,
  findCounts,
  importUsage,
  monthlyUsage,
  photoSubject,
  type Renderer,
  renderers,
} from "./bill.ts";
import { dollars, whole } from "./markdown.ts";
import { usageDollars } from "./prices.ts";

export interface CheckedLimit {
  title: string;
  value: string;
  limit: string;
  holds: boolean;
}

const GPS_PHOTO = photoSubject("images");
const WORKER_PHOTO = photoSubject("worker");
const PLAIN_PHOTO = "JPEG without GPS";
const LIBRARY = "library of 10,000";

/** A photo's upload and all of its tasks. */
const ARRIVAL = ["upload", "all tasks"];

interface CountLimit {
  title: string;
  subject: string;
  steps: string[];
  count: CountName;
  max: number;
}

const COUNT_LIMITS: CountLimit[] = [
  { title: "rows written, photo with GPS", subject: GPS_PHOTO, steps: ARRIVAL, count: "rowsWritten", max: 55 },
  { title: "rows written, photo without GPS", subject: PLAIN_PHOTO, steps: ARRIVAL, count: "rowsWritten", max: 35 },
  { title: "D1 trips of all tasks", subject: GPS_PHOTO, steps: ["all tasks"], count: "roundTrips", max: 6 },
  // Two besides the authentication, which a change always reads from the primary.
  { title: "D1 trips of an upload", subject: GPS_PHOTO, steps: ["upload"], count: "roundTrips", max: 3 },
  {
    title: "D1 trips of a warm read of one asset",
    subject: LIBRARY,
    steps: ["one asset"],
    count: "roundTrips",
    max: 1,
  },
  { title: "D1 trips of a warm page", subject: LIBRARY, steps: ["page of 100, lean"], count: "roundTrips", max: 1 },
  { title: "Images calls, RENDERER=images", subject: GPS_PHOTO, steps: ARRIVAL, count: "renderings", max: 1 },
  { title: "Images calls, RENDERER=worker", subject: WORKER_PHOTO, steps: ARRIVAL, count: "renderings", max: 0 },
];

export const PHOTOS_OF_BILL_LIMIT = 100_000;

/** Dollars for 100,000 photos: the import, and a month beyond R2 storage and the plan. */
const IMPORT_LIMITS: Record<Renderer, number> = { images: 50, worker: 5 };
const MONTHLY_LIMIT = 2;

export function countLimits(costs: CountedCosts): CheckedLimit[] {
  return COUNT_LIMITS.map(({ title, subject, steps, count, max }) => {
    const value = steps.reduce((sum, step) => sum + findCounts(costs, subject, step)[count], 0);
    return { title, value: String(value), limit: `≤ ${max}`, holds: value <= max };
  });
}

function billLimit(title: string, cost: number, limit: number): CheckedLimit {
  return { title, value: dollars(cost), limit: `≤ ${dollars(limit)}`, holds: cost <= limit };
}

export function billLimits(input: BillInput): CheckedLimit[] {
  const photos = PHOTOS_OF_BILL_LIMIT;
  return renderers.flatMap((renderer) => [
    billLimit(
      `import of ${whole(photos)} photos, RENDERER=${renderer}`,
      usageDollars(importUsage(input, renderer, photos)),
      IMPORT_LIMITS[renderer],
    ),
    billLimit(
      `a month with ${whole(photos)} photos, RENDERER=${renderer}`,
      usageDollars(monthlyUsage(input, renderer, photos)),
      MONTHLY_LIMIT,
    ),
  ]);
}
