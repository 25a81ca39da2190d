/** Compares a fresh count of operations with the recorded one. */
import { countNames, countTitles } from "../counts/countedStep.ts";
import type { Figures } from "./figures.ts";

type CountFigures = Figures<"counts">;

/** A photo's bytes in the database depend on how full its pages are, and an image's on the encoder. */
const BYTES_TOLERANCE = 0.05;

function countsByStep({ steps }: CountFigures): Map<string, CountFigures["steps"][number]["counts"]> {
  return new Map(steps.map(({ subject, step, counts }) => [`${subject}: ${step}`, counts]));
}

/** One line for each count that grew or fell, and for each step that is only in one of both. */
export function compareCounts(recorded: CountFigures, fresh: CountFigures): string[] {
  const [before, after] = [countsByStep(recorded), countsByStep(fresh)];
  const differences: string[] = [];
  for (const step of new Set([...before.keys(), ...after.keys()])) {
    const [old, now] = [before.get(step), after.get(step)];
    if (old === undefined || now === undefined) {
      differences.push(`${step}: ${old === undefined ? "is not recorded" : "is no longer counted"}`);
      continue;
    }
    for (const name of countNames) {
      if (now[name] === old[name]) continue;
      const change = now[name] > old[name] ? "grew" : "fell";
      differences.push(`${step}: ${countTitles[name]} ${change} from ${old[name]} to ${now[name]}`);
    }
  }
  for (const name of ["databaseBytesPerPhoto", "derivedBytesPerPhoto"] as const) {
    const isClose = Math.abs(fresh[name] - recorded[name]) <= recorded[name] * BYTES_TOLERANCE;
    if (!isClose) differences.push(`${name} changed from ${recorded[name]} to ${fresh[name]}`);
  }
  return differences;
}
