/** Prints "passed failed" from a Vitest JSON report, or "0 0" if the report is missing. */
import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";

const reportSchema = z.object({ numPassedTests: z.number().default(0), numFailedTests: z.number().default(0) });

const path = process.argv[2] ?? "";
const report = reportSchema.parse(existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {});
console.log(`${report.numPassedTests} ${report.numFailedTests}`);
