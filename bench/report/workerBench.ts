/** Runs a benchmark in workerd and returns the figures that it stored in its test's `meta`. */
import { spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";

const reportSchema = z.object({
  testResults: z.array(
    z.object({ assertionResults: z.array(z.object({ meta: z.object({ figures: z.unknown() }).partial() })) }),
  ),
});

/** `name` is the file's name before `.bench.ts`. Its output goes to the terminal. */
export async function runWorkerBench(name: string): Promise<unknown> {
  const report = join(tmpdir(), `tintype-bench-${process.pid}-${name}.json`);
  const flags = [
    "--config",
    "bench/vitest.config.ts",
    "--reporter=dot",
    "--reporter=json",
    `--outputFile.json=${report}`,
  ];
  const child = spawn(process.execPath, ["node_modules/vitest/vitest.mjs", "run", ...flags, `bench/${name}.bench.ts`], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const code = await new Promise((settle) => child.once("exit", settle));
  try {
    if (code !== 0)
      throw new Error(`bench/${name}.bench.ts failed; run it with npx vitest --config bench/vitest.config.ts`);
    const { testResults } = reportSchema.parse(JSON.parse(readFileSync(report, "utf8")));
    return testResults[0]?.assertionResults[0]?.meta.figures;
  } finally {
    rmSync(report, { force: true });
  }
}
