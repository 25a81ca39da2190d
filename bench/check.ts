/**
 * `npm run bench:check`: counts the operations of a photo again and fails when one differs from bench/figures/, when a
 * limit of counts or of the bill is exceeded, or when a page differs from its figures. Times are not compared.
 * `-- --accept` records the new counts.
 */
import { loadPhoto } from "./load/photos.ts";
import { compareCounts } from "./report/compareCounts.ts";
import { billLimits, countLimits } from "./report/countedLimits.ts";
import { parseFigures, readFigures, writeFigures } from "./report/figures.ts";
import { outdatedPages, readAllFigures, writePages } from "./report/pages.ts";
import { billInput } from "./report/resultsPage.ts";
import { runWorkerBench } from "./report/workerBench.ts";

async function check(isAccepted: boolean): Promise<number> {
  await loadPhoto();
  const fresh = parseFigures("counts", await runWorkerBench("counts"));
  const differences = isAccepted ? [] : compareCounts(readFigures("counts"), fresh);
  if (isAccepted) {
    writeFigures("counts", fresh);
    writePages(readAllFigures());
  }
  for (const difference of differences) console.error(difference);
  if (differences.length > 0) {
    console.error("If this is meant, record it with npm run bench:check -- --accept and say why in the commit.");
    return 1;
  }
  const figures = readAllFigures();
  const broken = [...countLimits(figures.counts), ...billLimits(billInput(figures))].filter(({ holds }) => !holds);
  for (const { title, value, limit } of broken) console.error(`${title}: ${value}, must be ${limit}`);
  if (broken.length > 0) return 1;
  const outdated = outdatedPages(figures);
  if (outdated.length > 0)
    console.error(`Differ from bench/figures/: ${outdated.join(", ")}. Run npm run bench:report`);
  return outdated.length > 0 ? 1 : 0;
}

process.exitCode = await check(process.argv.includes("--accept"));
