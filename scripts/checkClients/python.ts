/** Generates and runs the Python client. */
import { join } from "node:path";
import type { RunCommand } from "./commands.ts";

const GENERATOR = "openapi-python-client==0.29.1";

/** Whether the generator says, as a warning, that the client lacks an operation or a response. */
export function leftOut(output: string): boolean {
  return /will not be generated|will be omitted/i.test(output);
}

/** Installs the generator into a separate environment. Returns its directory of programs; null where that fails. */
async function install(run: RunCommand, project: string): Promise<string | null> {
  const programs = join(project, "venv", process.platform === "win32" ? "Scripts" : "bin");
  try {
    await run(process.platform === "win32" ? "python" : "python3", ["-m", "venv", "venv"]);
    await run(join(programs, "python"), ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", GENERATOR]);
    return programs;
  } catch (error) {
    const reason = error instanceof Error ? error.message.trim() : String(error);
    console.log(`openapi-python-client: skipped, because ${GENERATOR} could not be installed.\n${reason}`);
    return null;
  }
}

/** Throws if the generator leaves something out of the client, or if the client's program fails. */
export async function runPythonClient(run: RunCommand, project: string, origin: string): Promise<void> {
  const programs = await install(run, project);
  if (programs === null) return;
  const options = ["--url", `${origin}/openapi.json`, "--meta", "none", "--output-path", "tintype_client"];
  const output = await run(join(programs, "openapi-python-client"), ["generate", ...options]);
  if (leftOut(output)) throw new Error(`openapi-python-client left something out:\n${output}`);
  console.log((await run(join(programs, "python"), ["client.py"])).trim());
}
