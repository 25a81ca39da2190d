/** `npm run bench:rows`, `npm run bench:places`: runs a benchmark in workerd, then prints and records its tables. */
import { z } from "zod";
import { recordTables } from "./report/recordTables.ts";
import { runWorkerBench } from "./report/workerBench.ts";

const figuresSchema = z.object({ tables: z.array(z.object({ title: z.string(), lines: z.array(z.string()) })) });

const [name = ""] = process.argv.slice(2);
const { tables } = figuresSchema.parse(await runWorkerBench(name));
for (const { title, lines } of tables) console.log(`\n${title}\n${lines.join("\n")}`);
recordTables(name, tables);
