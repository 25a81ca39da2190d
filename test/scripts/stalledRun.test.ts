/** A run with a file that never ends, and what `.ci/run` makes of it. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { STALLED_EXIT_CODE } from "../support/stalledRun.ts";

const FIXTURE = "test/fixtures/stalledRun";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "stalled-run-"));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** Runs a command, and resolves to its exit code and output. */
function run(command: string, args: string[], env: Record<string, string> = {}): Promise<[number, string]> {
  const { promise, resolve } = Promise.withResolvers<[number, string]>();
  const child = execFile(command, args, { env: { ...process.env, ...env } }, (_error, stdout, stderr) =>
    resolve([child.exitCode ?? -1, stdout + stderr]),
  );
  return promise;
}

const vitest = (name: string, ...more: string[]): Promise<[number, string]> =>
  run("node_modules/.bin/vitest", ["run", "--root", FIXTURE, ...more, name], {
    STALLED_RUN_LIMIT_MS: "2000",
    STALLED_RUN_PID_FILE: join(directory, "pid"),
  });

/** A killed process is listed as a zombie until its new parent reads its status. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
}

describe("a test run", () => {
  it("ends with its own exit code when a file never ends, names the file and leaves no process", async () => {
    const [code, output] = await vitest("", "--reporter=json");
    expect(code).toBe(STALLED_EXIT_CODE);
    expect(output).toMatch(/have not ended \(1\):\s+test\/fixtures\/stalledRun\/hangs\.example\.ts/);
    expect(output).toContain("ended last: test/fixtures/stalledRun/ends.example.ts");
    const busy = Number(readFileSync(join(directory, "pid"), "utf8"));
    await expect.poll(() => isRunning(busy)).toBe(false);
  });

  it("is left alone when its files end", async () => {
    const [code, output] = await vitest("ends.example.ts");
    expect([code, output]).toEqual([0, expect.stringContaining("1 passed")]);
  });
});

/** The outcome of `.ci/run` for tests whose runs exit with `codes`, one after another, and report two passed tests. */
function ciTests(...codes: number[]): Promise<[number, string]> {
  const fake = join(directory, "npm");
  writeFileSync(join(directory, "codes"), codes.join("\n"));
  writeFileSync(
    fake,
    `#!/usr/bin/env bash
code=$(head -n 1 "${directory}/codes")
sed -i.old 1d "${directory}/codes"
[ "$code" -eq ${STALLED_EXIT_CODE} ] && exit "$code"
for option in "$@"; do
  case $option in --outputFile.json=*) printf '{"numPassedTests":2,"numFailedTests":%d}' "$code" >"\${option#*=}" ;; esac
done
exit "$code"
`,
    { mode: 0o755 },
  );
  return run("bash", ["-c", `. .ci/checks.sh; tests "Some tests" "${fake}"; check "Something" true`]);
}

describe("the tests of .ci/run", () => {
  it("run once more when the first run stalled, and count once", async () => {
    const [code, output] = await ciTests(STALLED_EXIT_CODE, 0);
    expect(output).toContain("Some tests: the run stalled and is repeated once");
    expect(output).toContain("3 passed, 0 failed");
    expect(code).toBe(0);
  });

  it("fail when the second run stalls too", async () => {
    const [code, output] = await ciTests(STALLED_EXIT_CODE, STALLED_EXIT_CODE, 0);
    expect([code, output]).toEqual([1, expect.stringContaining("0 passed, 1 failed")]);
  });

  it("are not repeated when a test fails", async () => {
    const [code, output] = await ciTests(1, 0);
    expect(output).not.toContain("repeated");
    expect([code, output]).toEqual([1, expect.stringContaining("2 passed, 1 failed")]);
  });
});
