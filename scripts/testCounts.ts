/** Prints "passed failed" out of a vitest JSON report; "0 0" when there is none. */
import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";

const shape = z.object({ numPassedTests: z.number().default(0), numFailedTests: z.number().default(0) });

const path = process.argv[2] ?? "";
const report = shape.parse(existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {});
console.log(`${report.numPassedTests} ${report.numFailedTests}`);
