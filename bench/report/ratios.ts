/** Ratios of Tintype to the platform and to the baseline, from the loads of one run. */
import type { Results } from "./figures.ts";
import { median } from "./markdown.ts";

type Loads = Results["cells"][number]["loads"];

/** Works with a limit on their ratio to the platform. */
export const RATIO_LIMITS: { work: string; title: string; limit: number }[] = [
  { work: "asset", title: "one asset", limit: 1.3 },
  { work: "page", title: "page of 100, lean", limit: 1.8 },
  { work: "thumbnail", title: "warm thumbnail", limit: 1.15 },
  { work: "upload", title: "upload of 4 MB", limit: 1.2 },
];

/** 200 photos take at most this many times as long as with the baseline. */
export const IMPORT_RATIO_LIMIT = 3.5;

export function loadsOf({ cells }: Results, work: string, system: string, inFlight: number): Loads {
  return cells.find((cell) => cell.work === work && cell.system === system && cell.inFlight === inFlight)?.loads ?? [];
}

export function inFlightOf({ cells }: Results): number[] {
  return [...new Set(cells.map(({ inFlight }) => inFlight))].toSorted((a, b) => a - b);
}

/**
 * Time of a request in Tintype as a multiple of the platform's, the median over the rounds: of the median latency with
 * one request in flight, of the inverse of the throughput with more.
 */
export function platformRatio(results: Results, work: string, inFlight: number): number {
  const ours = loadsOf(results, work, "Tintype", inFlight);
  const floor = loadsOf(results, work, "platform", inFlight);
  const ratios = ours.flatMap((load, round) => {
    const other = floor[round];
    if (other === undefined) return [];
    return inFlight === 1 ? load.p50Ms / other.p50Ms : other.perSecond / load.perSecond;
  });
  return median(ratios);
}

export function importSeconds({ imports }: Results, name: string): number {
  const rounds = imports.find((entry) => entry.name === name)?.rounds ?? [];
  return rounds.reduce((sum, { completeS }) => sum + completeS, 0);
}

export function importRatio(results: Results, name: string): number {
  return importSeconds(results, name) / importSeconds(results, "baseline");
}
