/**
 * `npm run bench:check`: counts the operations of a photo again and fails when one differs from bench/figures/, or when
 * a page differs from its figures. Times are not compared. `-- --accept` records the new counts.
 */
import { loadPhoto } from "./load/photos.ts";
import { compareCounts } from "./report/compareCounts.ts";
import { parseFigures, readFigures, writeFigures } from "./report/figures.ts";
import { outdatedPages, readAllFigures, writePages } from "./report/pages.ts";
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
  const outdated = outdatedPages(readAllFigures());
  if (outdated.length > 0)
    console.error(`Differ from bench/figures/: ${outdated.join(", ")}. Run npm run bench:report`);
  return outdated.length > 0 ? 1 : 0;
}

process.exitCode = await check(process.argv.includes("--accept"));
