/** Measures all systems in interleaved rounds, so that a busy minute of the machine falls on each of them. */
import { Agent } from "node:http";
import { applyLoad, type Load, sendExpectingSuccess } from "./client.ts";
import { type System, type WorkName, workNames } from "./systems.ts";

export interface RoundOptions {
  rounds: number;
  inFlight: number[];
  readMs: number;
  uploadsPerClient: number;
}

export interface Cell {
  work: WorkName;
  system: System["name"];
  inFlight: number;
  /** One load per round. */
  loads: Load[];
}

export interface ResponseSize {
  work: WorkName;
  system: System["name"];
  bytes: number;
}

const WARM_UP_MS = 1000;
const WARM_UP_REQUESTS = 300;

const isUpload = (work: WorkName): boolean => work === "upload" || work === "put";

function rotate<T>(items: T[], by: number): T[] {
  const start = by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}

async function loadOnce(
  { server, requests }: System,
  work: WorkName,
  limits: { inFlight: number; durationMs: number; maxRequests: number },
): Promise<Load | null> {
  const next = requests[work];
  if (next === undefined) return null;
  return await applyLoad({ origin: server.origin, pid: server.pid, next, ...limits });
}

/** Warms each request up and returns the size of its response. */
export async function warmUp(systems: System[]): Promise<ResponseSize[]> {
  const sizes: ResponseSize[] = [];
  const agent = new Agent({ keepAlive: true });
  for (const system of systems) {
    for (const work of workNames) {
      const next = system.requests[work];
      if (next === undefined) continue;
      const { body } = await sendExpectingSuccess(system.server.origin, agent, next());
      sizes.push({ work, system: system.name, bytes: body.length });
      const maxRequests = isUpload(work) ? 4 : WARM_UP_REQUESTS;
      await loadOnce(system, work, { inFlight: 4, durationMs: WARM_UP_MS, maxRequests });
    }
  }
  agent.destroy();
  return sizes;
}

export async function measureRounds(systems: System[], options: RoundOptions): Promise<Cell[]> {
  const cells = new Map<string, Cell>();
  for (let round = 0; round < options.rounds; round++) {
    for (const work of workNames) {
      for (const inFlight of options.inFlight) {
        const limits = isUpload(work)
          ? { inFlight, durationMs: Infinity, maxRequests: Math.max(8, options.uploadsPerClient * inFlight) }
          : { inFlight, durationMs: options.readMs, maxRequests: Infinity };
        for (const system of rotate(systems, round)) {
          const load = await loadOnce(system, work, limits);
          if (load === null) continue;
          const key = `${work} ${system.name} ${inFlight}`;
          const cell = cells.get(key) ?? { work, system: system.name, inFlight, loads: [] };
          cell.loads.push(load);
          cells.set(key, cell);
        }
      }
    }
  }
  return [...cells.values()];
}
