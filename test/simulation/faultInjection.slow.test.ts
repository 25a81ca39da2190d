/** Fails each call of every action in turn and retries: rows, events and objects equal those of a run without a fault. */
import { beforeAll, describe, expect, it } from "vitest";
import { findInconsistencies } from "../support/rows/consistency.ts";
import {
  clearStorage,
  runCleanup,
  actions,
  seedTestLibrary,
  prepareActions,
  type Bindings,
  type Action,
  type TestLibrary,
} from "./actions.ts";
import { memberActions } from "./memberActions.ts";
import { peopleActions } from "./peopleActions.ts";
import { instrumentBindings, faultModes, type Fault } from "./faults.ts";
import { takeSnapshot, type Snapshot } from "./snapshot.ts";

beforeAll(async () => {
  await prepareActions();
});

/** Retries once, as a client or the queue would; only the first attempt has a fault. */
async function runWithRetry(action: Action, library: TestLibrary, bindings: Bindings): Promise<void> {
  try {
    await action.run(library, bindings);
  } catch {
    await action.run(library, {});
  }
}

interface RunResult {
  before: Snapshot;
  after: Snapshot;
  calls: string[];
  miscounts: object;
}

async function runWithFault(action: Action, fault: Fault | null): Promise<RunResult> {
  await clearStorage();
  const library = await seedTestLibrary();
  await action.setUp?.(library);
  const libraryIds = [library.libraryId, library.otherLibraryId];
  const before = await takeSnapshot(libraryIds, library.idLabels);
  const { bindings, calls } = instrumentBindings(fault);
  await runWithRetry(action, library, bindings);
  await runCleanup();
  const after = await takeSnapshot(libraryIds, library.idLabels);
  return { before, after, calls, miscounts: await findInconsistencies() };
}

function diffSnapshots(one: Snapshot, other: Snapshot): string[] {
  const lines = ({ rows, events, keys, cleanupRecords }: Snapshot): string[] => [
    ...rows,
    ...events.map((event, i) => `event ${i}: ${event}`),
    ...keys,
    ...cleanupRecords.map((record) => JSON.stringify(record)),
  ];
  const [before, after] = [lines(one), lines(other)];
  return [
    ...before.filter((line) => !after.includes(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !before.includes(line)).map((line) => `+ ${line}`),
  ];
}

describe("a retry after a failed call gives the same result", { timeout: 280_000 }, () => {
  for (const action of [...actions, ...peopleActions, ...memberActions]) {
    it(action.name, async () => {
      const reference = await runWithFault(action, null);
      const repeated = await runWithFault(action, null);
      expect(diffSnapshots(reference.after, repeated.after), "two runs without a fault").toEqual([]);
      const changed = diffSnapshots(reference.before, reference.after).length > 0;
      expect(changed || action.isNoOp === true, "the action changes something").toBe(true);
      const violations: string[] = [];
      for (const [callIndex, call] of reference.calls.entries()) {
        for (const mode of faultModes) {
          const { after, miscounts } = await runWithFault(action, { callIndex, mode });
          const lines = diffSnapshots(reference.after, after);
          if (lines.length > 0) violations.push(`call ${callIndex} (${call}) ${mode}:\n${lines.join("\n")}`);
          if (Object.keys(miscounts).length > 0)
            violations.push(`call ${callIndex} (${call}) ${mode}: ${JSON.stringify(miscounts)}`);
        }
      }
      expect(violations.join("\n\n")).toBe("");
      expect(reference.calls.length).toBeGreaterThan(1);
    });
  }
});
