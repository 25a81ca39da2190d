/** Runs the commands of a check. */
import { spawn } from "node:child_process";
import { waitForExit } from "../wrangler.ts";

const COMMAND_TIMEOUT_MS = 120_000;

/** Runs a program in the project and returns its output. Throws with the output if it fails. */
export type RunCommand = (command: string, args: string[]) => Promise<string>;

export function commandRunner(cwd: string, env: Record<string, string>): RunCommand {
  return async (command, args) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: COMMAND_TIMEOUT_MS,
    });
    let output = "";
    const append = (chunk: Buffer) => (output += chunk.toString());
    child.stdout.on("data", append);
    child.stderr.on("data", append);
    const code = await waitForExit(child);
    if (code !== 0) throw new Error(`${[command, ...args].join(" ")} ended with ${String(code)}:\n${output}`);
    return output;
  };
}
