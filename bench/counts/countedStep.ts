/** What is counted of a step, in the units that Cloudflare bills. Shared by workerd and Node. */

export const countNames = [
  "requests",
  "roundTrips",
  "rowsRead",
  "rowsWritten",
  "classA",
  "classB",
  "queueMessages",
  "renderings",
  "placeFiles",
] as const;

export type CountName = (typeof countNames)[number];

export type Counts = Record<CountName, number>;

export interface CountedStep {
  /** The file or library, with the settings that change the costs. */
  subject: string;
  step: string;
  counts: Counts;
}

export interface CountedCosts {
  steps: CountedStep[];
  /** Growth of the database by a photo with all its rows, tasks and events. */
  databaseBytesPerPhoto: number;
  /** Stored images that the tasks make of one photo. */
  derivedBytesPerPhoto: number;
}

export const countTitles: Record<CountName, string> = {
  requests: "Worker requests",
  roundTrips: "D1 trips",
  rowsRead: "rows read",
  rowsWritten: "rows written",
  classA: "R2 class A",
  classB: "R2 class B",
  queueMessages: "queue messages",
  renderings: "Images calls",
  placeFiles: "place files",
};
