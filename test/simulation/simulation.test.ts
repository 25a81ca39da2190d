/** Short simulations; simulation.slow.test.ts runs the long ones. */
import { expect, it } from "vitest";
import { createLibrary } from "../support/clients/account.ts";
import { expectConsistentStorage, runSimulation } from "./simulation.ts";

it("keeps counts right and a mirror of the feed in sync after random requests", async () => {
  const responseCounts = await runSimulation({
    seed: 6,
    libraryId: await createLibrary(),
    otherLibraryId: await createLibrary("other library of requests"),
    rounds: 400,
    concurrency: 1,
    callsPerFault: 0,
  });
  await expectConsistentStorage();
  expect(responseCounts.size).toBeGreaterThan(20);
  const counted = JSON.stringify([...responseCounts]);
  for (const created of ["create person 201", "create face 201"])
    expect(responseCounts.get(created), counted).toBeGreaterThan(0);
  for (const action of [
    "assign face",
    "delete face",
    "update person",
    "update people",
    "merge people",
    "delete person",
    "move: moved",
    "put poster",
    "show thumbnail",
    "delete album in parts",
    "continue album deletion",
  ])
    expect(responseCounts.get(`${action} 200`) ?? 0, `${action}: ${counted}`).toBeGreaterThan(0);
}, 120_000);

it("keeps counts right and every acknowledged file under concurrent requests and storage faults", async () => {
  const responseCounts = await runSimulation({
    seed: 2,
    libraryId: await createLibrary(),
    otherLibraryId: await createLibrary("other library"),
    rounds: 60,
    concurrency: 4,
    callsPerFault: 15,
  });
  await expectConsistentStorage();
  expect(responseCounts.get("upload 201")).toBeGreaterThan(5);
}, 120_000);
