/** The page bench/results.md. */
import { type BillInput, renderers } from "./bill.ts";
import { billDetails, billTable, browsingTable, countTable, cpuCosts } from "./costTables.ts";
import { billLimits, countLimits } from "./countedLimits.ts";
import type { Figures, ImportName, Results } from "./figures.ts";
import { importNames } from "./figures.ts";
import { type CellValue, fixed, markdownTable, median, rounded, whole } from "./markdown.ts";
import { PRICES_READ } from "./prices.ts";
import {
  IMPORT_RATIO_LIMIT,
  importRatio,
  importSeconds,
  inFlightOf,
  loadsOf,
  platformRatio,
  RATIO_LIMITS,
} from "./ratios.ts";

export interface AllFigures {
  results: Results;
  counts: Figures<"counts">;
  growth: Figures<"growth">;
}

const SYSTEMS = ["Tintype", "platform", "baseline"];

export function billInput({ results, counts }: Pick<AllFigures, "results" | "counts">): BillInput {
  return { costs: counts, cpu: cpuCosts(results) };
}

/** Every limit that must hold, and whether it does in this run. */
export function limitsTable(figures: AllFigures): string {
  const { results } = figures;
  const ratios = RATIO_LIMITS.map(({ work, title, limit }) => {
    const values = inFlightOf(results).map((inFlight) => platformRatio(results, work, inFlight));
    const holds = values.every((value) => value <= limit);
    return {
      title: `${title}, ratio to the platform`,
      value: values.map((v) => fixed(v, 2)).join(" / "),
      limit: `≤ ${limit}`,
      holds,
    };
  });
  const imports = renderers.map((renderer) => {
    const ratio = importRatio(results, `RENDERER=${renderer}`);
    const title = `200 photos, RENDERER=${renderer}, ratio to the baseline`;
    return { title, value: fixed(ratio, 2), limit: `≤ ${IMPORT_RATIO_LIMIT}`, holds: ratio <= IMPORT_RATIO_LIMIT };
  });
  const rows = [...ratios, ...imports, ...countLimits(figures.counts), ...billLimits(billInput(figures))];
  return markdownTable(
    ["must hold", "measured", "limit", "holds"],
    rows.map(({ title, value, limit, holds }) => [title, value, limit, holds ? "yes" : "**no**"]),
  );
}

const WORK_TITLES: Record<string, string> = {
  asset: "one asset",
  page: "page of 100, lean",
  thumbnail: "warm thumbnail",
  upload: "upload of 4 MB",
  checked: "R2 get and one D1 read",
  put: "R2 put of 4 MB alone",
};

function speedTable(results: Results): string {
  const works = [...new Set(results.cells.map(({ work }) => work))];
  const rows = works.flatMap((work) =>
    SYSTEMS.flatMap((system): CellValue[][] => {
      const columns = inFlightOf(results).map((inFlight) => loadsOf(results, work, system, inFlight));
      if (columns.every((loads) => loads.length === 0)) return [];
      const size = results.sizes.find((entry) => entry.work === work && entry.system === system)?.bytes ?? 0;
      const perSecond = columns.map((loads) => rounded(median(loads.map((load) => load.perSecond))));
      const p50 = columns.map((loads) => rounded(median(loads.map((load) => load.p50Ms))));
      const cpu = median(columns.at(-1)?.map((load) => load.cpuMs) ?? []);
      return [[WORK_TITLES[work] ?? work, system, p50.join(" / "), perSecond.join(" / "), rounded(cpu), whole(size)]];
    }),
  );
  const flights = inFlightOf(results).join(" / ");
  const header = ["work", "system", `p50 ms, ${flights} in flight`, `per second, ${flights} in flight`];
  return markdownTable([...header, "CPU ms", "response bytes"], rows, 2);
}

function importTable({ imports }: Results): string {
  const rows = importNames.map((name: ImportName): CellValue[] => {
    const rounds = imports.find((entry) => entry.name === name)?.rounds ?? [];
    const photos = rounds.reduce((sum, round) => sum + round.photos, 0);
    const uploadedS = rounds.reduce((sum, round) => sum + round.uploadedS, 0);
    const completeS = rounds.reduce((sum, round) => sum + round.completeS, 0);
    const title = name === "baseline" ? name : `Tintype, ${name}`;
    return [title, photos, fixed(uploadedS, 1), fixed(completeS, 1), whole(median(rounds.map(({ cpuMs }) => cpuMs)))];
  });
  return markdownTable(["system", "photos", "uploaded after, s", "complete after, s", "CPU ms a photo"], rows);
}

function cpuTable({ cpu }: Results): string {
  const rows = cpu.requests.map(({ title, firstMs, laterMs }) => [title, fixed(firstMs, 1), fixed(laterMs, 2)]);
  return markdownTable(["request", "first of an isolate, ms", "later, ms"], rows);
}

export function growthTable({ rows }: Figures<"growth">): string {
  const sizes = [...new Set(rows.map(({ assets }) => assets))];
  const find = (work: string, assets: number) => rows.find((row) => row.work === work && row.assets === assets);
  const lines = [...new Set(rows.map(({ work }) => work))].map((work): CellValue[] => [
    work,
    ...sizes.map((assets) => whole(find(work, assets)?.rowsRead ?? 0)),
    find(work, sizes[0] ?? 0)?.roundTrips ?? 0,
    ...sizes.map((assets) => rounded(find(work, assets)?.p50Ms ?? 0)),
  ]);
  const names = sizes.map(whole);
  const header = [
    "request",
    ...names.map((size) => `rows read, ${size}`),
    "D1 trips",
    ...names.map((size) => `ms, ${size}`),
  ];
  return markdownTable(header, lines);
}

export function resultsPage(figures: AllFigures): string {
  const { results, counts, growth } = figures;
  const { date, commit, machine, versions } = results.environment;
  const input = billInput(figures);
  const images = fixed(importRatio(results, "RENDERER=images"), 2);
  return `# Results

<!-- Generated by \`npm run bench\`. Do not edit. -->

${date}, commit ${commit}. ${machine}; ${versions}. How it is measured: [README.md](README.md).

![Ratios to the platform, the import and growth](results.svg)

## Limits that must hold

Ratios are the median over the rounds of this run, with ${inFlightOf(results).join(" / ")} requests in flight; all must hold.

${limitsTable(figures)}

## Speed

CPU is the time of the server and all its processes, the simulators of D1 and R2 among them, for one request with the most in flight.

${speedTable(results)}

## ${importTotal(results)} photos until every thumbnail, preview and thumbhash is there and downloaded

${importTable(results)}

RENDERER=images takes ${images} times as long as the baseline: ${fixed(importSeconds(results, "RENDERER=images"), 1)} s to ${fixed(importSeconds(results, "baseline"), 1)} s. Locally Images is sharp in one process with the other simulators.

## CPU time in the isolate

${cpuTable(results)}

Evaluating the bundle takes ${whole(results.cpu.startMs)} ms, before the first request.

## Counted operations

The same on every machine; \`npm run bench:check\` compares them with a fresh count.

${countTable(counts)}

A photo adds ${whole(counts.databaseBytesPerPhoto)} bytes to the database and ${whole(counts.derivedBytesPerPhoto)} bytes of derived images to R2.

## Growth

${growthTable(growth)}

## The bill

Dollars beyond R2 storage and the Workers Paid plan, at the prices of ${PRICES_READ}. The last two columns are for an account that uses up the included amounts otherwise.

${billTable(input)}

100,000 photos with RENDERER=images:

${billDetails(input, "images")}

100,000 photos with RENDERER=worker:

${billDetails(input, "worker")}

Daily browsing, as assumed:

${browsingTable()}
`;
}

function importTotal({ imports }: Results): number {
  return imports[0]?.rounds.reduce((sum, { photos }) => sum + photos, 0) ?? 0;
}
