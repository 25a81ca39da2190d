/** The tables of counted operations, the bill and the free plan. */
import { countNames, countTitles, type CountedCosts } from "../counts/countedStep.ts";
import { browsing, schedule } from "./browsing.ts";
import {
  type BillInput,
  type CpuCosts,
  findCounts,
  indexCounts,
  importUsage,
  monthlyUsage,
  type Renderer,
  renderers,
  storageDollars,
  storedBytes,
} from "./bill.ts";
import type { Results } from "./figures.ts";
import { type CellValue, dollars, markdownTable, rounded, whole } from "./markdown.ts";
import { freePlan, OPERATIONS_PER_MESSAGE, prices, unitDollars, unitNames, usageDollars } from "./prices.ts";

const LIBRARY_SIZES = [1000, 10_000, 100_000];

/**
 * CPU time for the bill. The import's is that of the local server with all its processes, the simulators of D1, R2 and
 * Images among them: an upper bound.
 */
export function cpuCosts(results: Results): CpuCosts {
  const later = (name: string): number => results.cpu.requests.find((request) => request.name === name)?.laterMs ?? 0;
  const importMs = (renderer: Renderer): number => {
    const rounds = results.imports.find(({ name }) => name === `RENDERER=${renderer}`)?.rounds ?? [];
    return Math.max(0, ...rounds.map(({ cpuMs }) => cpuMs));
  };
  return {
    importMs: { images: importMs("images"), worker: importMs("worker") },
    requestMs: later("asset"),
    pageMs: later("list100"),
    // An upload digests as many bytes and does more.
    scrubMs: later("upload"),
  };
}

export function countTable({ steps }: CountedCosts): string {
  const rows = steps.map(({ subject, step, counts }): CellValue[] => [
    subject,
    step,
    ...countNames.map((name) => whole(counts[name])),
  ]);
  return markdownTable(["subject", "step", ...countNames.map((name) => countTitles[name])], rows, 2);
}

/** Once for the import, then each month, by size of the library and renderer. */
export function billTable(input: BillInput): string {
  const rows = renderers.flatMap((renderer) =>
    LIBRARY_SIZES.map((photos): CellValue[] => {
      const once = importUsage(input, renderer, photos);
      const monthly = monthlyUsage(input, renderer, photos);
      return [
        `RENDERER=${renderer}`,
        whole(photos),
        dollars(usageDollars(once)),
        dollars(usageDollars(monthly)),
        dollars(storageDollars(input.costs, photos)),
        dollars(usageDollars(once, false)),
        dollars(usageDollars(monthly, false)),
      ];
    }),
  );
  const header = ["setting", "photos", "import, once", "a month", "R2 storage a month"];
  const beyond = ["import, nothing included", "a month, nothing included"];
  return markdownTable([...header, ...beyond], rows);
}

/** Every unit of the largest library's bill. */
export function billDetails(input: BillInput, renderer: Renderer): string {
  const photos = LIBRARY_SIZES.at(-1) ?? 0;
  const once = importUsage(input, renderer, photos);
  const monthly = monthlyUsage(input, renderer, photos);
  const rows = unitNames.map((unit): CellValue[] => {
    const { title, included, dollars: price, per, url } = prices[unit];
    return [
      `[${title}](${url})`,
      `$${price} / ${rounded(per)}`,
      rounded(included),
      rounded(once[unit]),
      dollars(unitDollars(unit, once[unit], true)),
      rounded(monthly[unit]),
      dollars(unitDollars(unit, monthly[unit], true)),
    ];
  });
  return markdownTable(["", "price", "included a month", "import", "once", "a month", "cost"], rows);
}

export function browsingTable(): string {
  const stated: [string, CellValue][] = [
    ["sessions a day", browsing.sessionsPerDay],
    ["month counts a session", browsing.monthCountsPerSession],
    ["pages of 100 a session", browsing.pagesOf100PerSession],
    ["single assets a session", browsing.assetsPerSession],
    ["thumbnails a session", browsing.thumbnailsPerSession],
    ["previews a session", browsing.previewsPerSession],
    ["first views at full size a session", browsing.fullsizePerSession],
    ["devices that poll for events", browsing.syncingDevices],
    ["polls of a device a day", browsing.pollsPerDeviceAndDay],
    ["new photos a day", browsing.newPhotosPerDay],
    ["share of images that Workers Cache answers", `${browsing.cacheHitShare * 100} %`],
    ["size of an original", `${browsing.originalBytes / 1e6} MB`],
    ["scheduled runs a day", schedule.runsPerDay],
    ["integrity reports a day", schedule.integrityReportsPerDay],
    ["rounds of the scrub a month", rounded(schedule.scrubRoundsPerMonth)],
  ];
  return markdownTable(["each day", ""], stated);
}

function perDay(limit: number, perPhoto: number): CellValue {
  return perPhoto === 0 ? "no limit" : `${whole(Math.floor(limit / perPhoto))} photos a day`;
}

function inTotal(limit: number, perPhoto: number): string {
  return perPhoto === 0 ? "no limit" : `${whole(Math.floor(limit / perPhoto))} photos`;
}

/** What each limit of the free plan allows, with WORKERS_PLAN=free. */
export function freePlanTable({ costs, cpu }: BillInput): string {
  const upload = findCounts(costs, "photo, WORKERS_PLAN=free", "upload");
  const tasks = findCounts(costs, "photo, WORKERS_PLAN=free", "all tasks");
  const page = findCounts(costs, "library of 10,000", "page of 100, lean");
  const thumbnail = findCounts(costs, "photo, WORKERS_PLAN=free", "later thumbnail");
  const index = indexCounts(costs, "photo, WORKERS_PLAN=free");
  const both = (name: keyof typeof upload): number => upload[name] + tasks[name] + (index?.[name] ?? 0);
  const views = Math.floor(freePlan.requestsPerDay / (thumbnail.requests + page.requests / 100));
  const rows: CellValue[][] = [
    ["R2 storage, 10 GB", inTotal(freePlan.r2Bytes, storedBytes(costs, 1)), "with their thumbnails and previews"],
    ["D1, 500 MB a database", inTotal(freePlan.databaseBytes, costs.databaseBytesPerPhoto), "with tasks and events"],
    [
      "D1 rows written, 100,000 a day",
      perDay(freePlan.rowsWrittenPerDay, both("rowsWritten")),
      "uploads with all tasks",
    ],
    [
      "D1 rows read, 5 million a day",
      perDay(freePlan.rowsReadPerDay, both("rowsRead")),
      `or ${whole(freePlan.rowsReadPerDay / page.rowsRead)} pages of 100`,
    ],
    [
      "Worker requests, 100,000 a day",
      perDay(freePlan.requestsPerDay, both("requests")),
      `or ${whole(views)} thumbnails with their pages`,
    ],
    [
      "Queues, 10,000 operations a day",
      perDay(freePlan.queueOperationsPerDay, both("queueMessages") * OPERATIONS_PER_MESSAGE),
      "uploads",
    ],
    [
      "Images, 5,000 transformations a month",
      `${inTotal(freePlan.transformationsPerMonth, both("renderings"))} a month`,
      "new photos; a first preview or full size is one more",
    ],
    ["R2 class A, 1 million a month", `${inTotal(freePlan.classAPerMonth, both("classA"))} a month`, "uploads"],
    [
      "R2 class B, 10 million a month",
      `${whole(freePlan.classBPerMonth / thumbnail.classB)} images a month`,
      "beyond those that the cache answers",
    ],
    [
      "CPU, 10 ms a request",
      `one asset ${rounded(cpu.requestMs)} ms, page of 100 ${rounded(cpu.pageMs)} ms, upload of 4 MB ${rounded(cpu.scrubMs)} ms`,
      "warm; a first request takes longer",
    ],
  ];
  return markdownTable(["limit", "allows", ""], rows, 3);
}
