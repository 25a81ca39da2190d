/** CPU time of this thread, without the parts that stand in for Cloudflare's services. */

let excludedUs = 0;

function threadUs(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}

/** Runs the work of a stand-in, such as SQLite, whose time belongs to another process in production. */
export function exclude<T>(work: () => T): T {
  const startUs = threadUs();
  try {
    return work();
  } finally {
    excludedUs += threadUs() - startUs;
  }
}

/** CPU milliseconds of `work` in this thread, minus the excluded parts. */
export async function cpuMs(work: () => Promise<unknown>): Promise<number> {
  const [startUs, excludedBeforeUs] = [threadUs(), excludedUs];
  await work();
  return (threadUs() - startUs - (excludedUs - excludedBeforeUs)) / 1000;
}

export function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
