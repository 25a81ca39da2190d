/**
 * Collects what the code under test logs, and prints it when a test fails. Vitest's own interception sends each line to
 * the main process and waits for the answer before it ends a file. A line that a queue consumer writes at the end of a
 * file belongs to another request, so the plugin holds it until the next message, which never comes
 * (github.com/cloudflare/workers-sdk/issues/15498): the run never ends.
 */
import { format } from "node:util";
import { env } from "cloudflare:workers";
import { afterAll, afterEach, type RunnerTask } from "vitest";

/* eslint-disable no-console -- replaces the console */
const METHODS = ["debug", "log", "info", "warn", "error"] as const;

const worker = (globalThis.sharedWorker ??= {});
/** The console of workerd, whose output reaches the terminal without Vitest. */
const print = (worker.print ??= console.log.bind(console));
let lines: string[] = [];

if (env.TEST_LOGS === "")
  for (const method of METHODS) console[method] = (...parts: unknown[]) => void lines.push(format(...parts));

function printLines(title: string): void {
  if (lines.length > 0) print([`Logs of ${title}:`, ...lines].join("\n"));
}

const hasFailed = (task: RunnerTask): boolean =>
  task.result?.state === "fail" || ("tasks" in task && task.tasks.some((child) => hasFailed(child)));

/** Registers the hooks of a test file. Lines of `beforeAll` belong to the first test. */
export function printLogsOfFailedTests(): void {
  lines = [];
  afterEach(({ task }) => {
    if (hasFailed(task)) printLines(task.fullName);
    lines = [];
  });
  // eslint-disable-next-line no-empty-pattern -- Vitest reads the names of the pattern
  afterAll(({}, file) => {
    if (hasFailed(file)) printLines(file.name);
    lines = [];
  });
}
