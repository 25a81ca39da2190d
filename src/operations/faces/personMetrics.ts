/** Measures how similar the faces of people are. */
import {
  listUnmeasured,
  sampleVectors,
  saveMetrics,
  type MeasuredPerson,
} from "../../records/faces/clusters/metrics.ts";
import type { Context } from "../context.ts";
import { pairwiseMean, pairwiseP90 } from "./clustering/pairMetrics.ts";
import type { FaceModel } from "./libraryClusters.ts";

/** People measured by one call: three round trips and 64 vectors each. */
export const MAX_MEASURED_PEOPLE = 20;

/**
 * Measures people of a library whose faces changed: the mean from their exact sum, the 90th percentile from a bounded
 * sample. Returns the number of people; as many as MAX_MEASURED_PEOPLE mean that there may be more.
 */
export async function measurePeople(context: Context, libraryId: string, { model }: FaceModel): Promise<number> {
  const people = await listUnmeasured(context.db, libraryId, model, MAX_MEASURED_PEOPLE);
  const measured: MeasuredPerson[] = [];
  for (const { personId, revision, ...sums } of people) {
    const p90 = pairwiseP90(await sampleVectors(context.db, personId, model));
    measured.push({ personId, revision, pairwiseMean: pairwiseMean(sums), pairwiseP90: p90 });
  }
  await saveMetrics(context.db, measured);
  return people.length;
}
