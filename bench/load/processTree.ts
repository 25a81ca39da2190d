/** CPU time and memory of a process and its descendants, from /proc. Linux only: 0 elsewhere. */
import { readFileSync, readdirSync } from "node:fs";

/** Linux reports CPU time in units of 10 ms (USER_HZ). */
const TICK_MS = 10;
const PAGE_BYTES = 4096;

interface ProcessFigures {
  pid: number;
  parentPid: number;
  cpuMs: number;
  residentBytes: number;
  command: string;
}

function readProcess(pid: number): ProcessFigures | null {
  try {
    // The name may contain spaces; the fields after its closing parenthesis do not.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    const field = (index: number): number => Number(fields[index]);
    return {
      pid,
      parentPid: field(1),
      // User and system time of the process, then of its children that ended.
      cpuMs: (field(11) + field(12) + field(13) + field(14)) * TICK_MS,
      residentBytes: field(21) * PAGE_BYTES,
      command: readFileSync(`/proc/${pid}/cmdline`, "utf8"),
    };
  } catch {
    return null;
  }
}

function processTree(rootPid: number): ProcessFigures[] {
  let names: string[];
  try {
    names = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
  const all = names.map((name) => readProcess(Number(name))).filter((process) => process !== null);
  const parents = new Map(all.map(({ pid, parentPid }) => [pid, parentPid]));
  const isDescendant = (pid: number): boolean => pid === rootPid || (pid > 1 && isDescendant(parents.get(pid) ?? 0));
  return all.filter(({ pid }) => isDescendant(pid));
}

export function treeCpuMs(rootPid: number): number {
  return processTree(rootPid).reduce((sum, { cpuMs }) => sum + cpuMs, 0);
}

/** Resident memory of the workerd processes of a tree. */
export function workerdBytes(rootPid: number): number {
  return processTree(rootPid)
    .filter(({ command }) => command.includes("workerd"))
    .reduce((sum, { residentBytes }) => sum + residentBytes, 0);
}
