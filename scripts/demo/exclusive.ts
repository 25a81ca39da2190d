/** Keeps two servers from using the same local state, whose files would be damaged. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Returns the process that holds the lock; null for none, or one that has ended. */
function holderOf(path: string): number | null {
  try {
    const pid = Number(readFileSync(path, "utf8"));
    return Number.isInteger(pid) && pid > 0 && isRunning(pid) ? pid : null;
  } catch {
    return null;
  }
}

/** Locks a directory until `release`. Throws if another running process holds it. */
export function lockState(directory: string): { release(): void } {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, "demo.pid");
  const holder = holderOf(path);
  if (holder !== null) {
    throw new Error(
      `Another demo (process ${holder}) uses ${directory}. End it, or choose another directory: npm run demo -- --persist-to .tmp/demo2`,
    );
  }
  writeFileSync(path, String(process.pid));
  return { release: () => rmSync(path, { force: true }) };
}
