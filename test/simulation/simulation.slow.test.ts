/** Long simulations with different seeds, concurrency and fault rates. */
import { expect, it } from "vitest";
import { createLibrary, sqlAll } from "../support/clients/account.ts";
import { expectConsistentStorage, runSimulation } from "./simulation.ts";

const simulations = [
  { seed: 11, rounds: 600, concurrency: 1, callsPerFault: 0 },
  { seed: 12, rounds: 150, concurrency: 6, callsPerFault: 0 },
  { seed: 13, rounds: 500, concurrency: 1, callsPerFault: 10 },
  { seed: 14, rounds: 100, concurrency: 8, callsPerFault: 12 },
  { seed: 15, rounds: 100, concurrency: 8, callsPerFault: 30 },
];

for (const options of simulations) {
  it(`keeps storage consistent for ${options.rounds} rounds of ${options.concurrency} requests, ${options.callsPerFault === 0 ? "without faults" : `one storage call in ${options.callsPerFault} failing`} (seed ${options.seed})`, async () => {
    const [libraryId, otherLibraryId] = [await createLibrary(), await createLibrary(`other ${options.seed}`)];
    // Small enough that some moves fail for it.
    await sqlAll("UPDATE libraries SET storage_limit_bytes = 4e6 WHERE id = ?", otherLibraryId);
    const responseCounts = await runSimulation({ ...options, libraryId, otherLibraryId });
    await expectConsistentStorage();
    expect(responseCounts.get("upload 201")).toBeGreaterThan(20);
    expect(responseCounts.get("move: moved 200")).toBeGreaterThan(5);
  });
}
