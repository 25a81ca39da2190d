/** Runs before each benchmark in workerd. */
import { resetWorker } from "../test/support/sharedWorker.ts";

await resetWorker();
