import { env } from "cloudflare:workers";
import { openDatabase } from "../src/records/database.ts";
import { countingD1 } from "../test/support/bindings/d1.ts";
import { testContext } from "../test/support/context.ts";
import type { Context } from "../src/operations/context.ts";

export const principal = {
  userId: "intuser_bench",
  libraryIds: null,
  actions: ["read"] as const,
  isSession: false,
  isOwner: false,
};

export interface Cost<T> {
  result: T;
  rowsRead: number;
  roundTrips: number;
  ms: number;
}

/** Runs an operation on a database that counts rows and round trips. */
export async function measureCost<T>(work: (context: Context) => Promise<T>): Promise<Cost<T>> {
  const database = countingD1(env.DB);
  const startMs = Date.now();
  const result = await work(testContext({ db: openDatabase(database.binding, "nearest") }));
  const { rowsRead, roundTrips } = database.counts;
  return { result, rowsRead, roundTrips, ms: Date.now() - startMs };
}

/** A row of a Markdown table. */
export function tableRow(...cells: (string | number)[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** Header of a Markdown table; the columns of `right` are aligned right. */
export function tableHeader(left: string[], right: string[]): string[] {
  return [tableRow(...left, ...right), `|${"---|".repeat(left.length)}${"--:|".repeat(right.length)}`];
}
