/** Costs of the same request in libraries of different sizes. Shared by workerd and Node. */

export interface GrowthRow {
  work: string;
  /** Assets in the library. */
  assets: number;
  rowsRead: number;
  roundTrips: number;
  p50Ms: number;
}

export interface GrowthFigures {
  rows: GrowthRow[];
}
