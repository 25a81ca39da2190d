/** Runs before each test file in workerd. */
import { printLogsOfFailedTests } from "./support/capturedConsole.ts";

printLogsOfFailedTests();
