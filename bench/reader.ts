/** Who asks in the benches of rows, and what a question cost. */
import { env } from "cloudflare:workers";
import { openDatabase, type Database } from "../src/records/database.ts";
import { countingD1 } from "../test/support/bindings/d1.ts";

export const who = { userId: "intuser_bench", libraryIds: null, actions: ["read"] as const, managesKeys: false };

export interface Cost<T> {
  answer: T;
  rowsRead: number;
  roundTrips: number;
  ms: number;
}

export async function costOf<T>(work: (db: Database) => Promise<T>): Promise<Cost<T>> {
  const counted = countingD1(env.DB);
  const start = Date.now();
  const answer = await work(openDatabase(counted.binding, "nearest"));
  const { rowsRead, roundTrips } = counted.counts;
  return { answer, rowsRead, roundTrips, ms: Date.now() - start };
}

/** A row of a Markdown table. */
export function line(...cells: (string | number)[]): string {
  return `| ${cells.join(" | ")} |`;
}

export function heading(left: string[], right: string[]): string[] {
  return [line(...left, ...right), `|${"---|".repeat(left.length)}${"--:|".repeat(right.length)}`];
}
