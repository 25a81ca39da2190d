/**
 * Ends a run that makes no progress. Vitest limits the time of tests and hooks, and measures it inside the worker: a
 * worker that no longer answers would be awaited without end.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import type { Reporter, TestModule, TestSpecification, Vite } from "vitest/node";

/** The exit code of timeout(1). `.ci/run` repeats such a run once. */
export const STALLED_EXIT_CODE = 124;

/** Ids of the processes that this one started, where the system has /proc: workerd, and workers that are processes. */
function childProcessIds(): number[] {
  if (!existsSync("/proc/self/task")) return [];
  const lists = readdirSync("/proc/self/task").map((thread) =>
    readFileSync(`/proc/self/task/${thread}/children`, "utf8"),
  );
  return lists.flatMap((list) => list.split(" ").filter(Boolean).map(Number));
}

/** Kills the children, because a busy one ignores the end of its parent. Miniflare's exit hook ends its own elsewhere. */
function exitStalled(): never {
  for (const id of childProcessIds()) {
    try {
      process.kill(id, "SIGKILL");
    } catch {
      // The process has ended by itself.
    }
  }
  // eslint-disable-next-line unicorn/no-process-exit -- the event loop of a stalled run never empties
  process.exit(STALLED_EXIT_CODE);
}

const nameOf = (file: TestModule | TestSpecification): string =>
  `${file.project.name} ${relative(process.cwd(), file.moduleId)}`.trim();

class StalledRunReporter implements Reporter {
  readonly #limitMs: number;
  #timer: NodeJS.Timeout | undefined;
  readonly #waiting = new Set<string>();
  readonly #running = new Set<string>();
  #lastEnded = "none";

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  #restart(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#end(), this.#limitMs);
  }

  /** A file can also stall between its last test and the end of its worker: then it is the one that ended last. */
  #end(): never {
    const lines = [
      `No test and no file has ended for ${this.#limitMs / 1000} s. The run is stalled: exit code ${STALLED_EXIT_CODE}.`,
      `Files that have not ended (${this.#running.size}):`,
      ...[...this.#running].map((name) => `  ${name}`),
      `The file that ended last: ${this.#lastEnded}. Files that have not started: ${this.#waiting.size}.`,
    ];
    process.stderr.write(`\n${lines.join("\n")}\n`);
    exitStalled();
  }

  onTestRunStart(specifications: readonly TestSpecification[]): void {
    for (const specification of specifications) this.#waiting.add(nameOf(specification));
    this.#restart();
  }

  onTestModuleQueued(file: TestModule): void {
    this.#waiting.delete(nameOf(file));
    this.#running.add(nameOf(file));
    this.#restart();
  }

  onTestModuleEnd(file: TestModule): void {
    this.#running.delete(nameOf(file));
    this.#lastEnded = nameOf(file);
    this.#restart();
  }

  onTestCaseReady(): void {
    this.#restart();
  }

  onTestCaseResult(): void {
    this.#restart();
  }

  onHookEnd(): void {
    this.#restart();
  }

  onTestRunEnd(): void {
    clearTimeout(this.#timer);
  }
}

/**
 * Ends a run in which no test and no file ends for `limitMs`. A plugin adds the reporter, because `--reporter` on the
 * command line replaces the configured ones. Watch mode waits for changes and has no limit.
 */
export function endStalledRun(limitMs: number): Vite.Plugin {
  return {
    name: "end-stalled-run",
    configureVitest({ vitest }) {
      if (vitest.config.watch || vitest.config.reporters.some((one) => one instanceof StalledRunReporter)) return;
      vitest.config.reporters.push(new StalledRunReporter(limitMs));
    },
  };
}
