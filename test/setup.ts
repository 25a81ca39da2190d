/** Runs before each test file in workerd. */
import { printLogsOfFailedTests } from "./support/capturedConsole.ts";
import { resetWorker } from "./support/sharedWorker.ts";

printLogsOfFailedTests();
await resetWorker();
