/**
 * Runs a second action between any two calls of every action: no response is a 5xx, counts and objects stay
 * consistent, and a mirror of the feed matches the library.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { sqlAll } from "../support/clients/account.ts";
import { FeedMirror } from "../support/clients/feedMirror.ts";
import { clearStorage, actions, seedTestLibrary, prepareActions, type Action } from "./actions.ts";
import { peopleActions } from "./peopleActions.ts";
import { expectConsistentStorage } from "./simulation.ts";
import { instrumentBindings } from "./faults.ts";

beforeAll(async () => {
  await prepareActions();
});

const everyAction = [...actions, ...peopleActions];

/** Actions that remove, move or hide the entities of the other actions. */
const conflictingActions = everyAction.filter(({ name }) =>
  [
    "trash assets",
    "delete several assets",
    "move assets to another library",
    "empty the trash",
    "remove assets from an album",
    "delete an album",
    "create a stack with the cover of another stack",
    "delete a stack",
    "update the metadata of several assets",
    "append a version",
    "merge people",
    "delete a person",
    "assign a face to another person",
    "trash a library",
    "purge expired trash",
  ].includes(name),
);

async function isLibraryLive(libraryId: string): Promise<boolean> {
  return (await sqlAll("SELECT id FROM libraries WHERE id = ? AND trashed_at IS NULL", libraryId)).length > 0;
}

/** Returns null if `callIndex` is past the last call, otherwise the violation or an empty string. */
async function runInterleaved(action: Action, other: Action, callIndex: number): Promise<string | null> {
  await clearStorage();
  const library = await seedTestLibrary();
  // The action's own preparation comes last: it may trash the library.
  if (other !== action) await other.setUp?.(library);
  await action.setUp?.(library);
  const mirror = new FeedMirror(library.libraryId);
  if (await isLibraryLive(library.libraryId)) await mirror.poll();
  let hasRun = false;
  const runOther = async (): Promise<void> => {
    hasRun = true;
    await other.run(library, {});
  };
  try {
    await action.run(library, instrumentBindings(null, { callIndex, run: runOther }).bindings);
    if (!hasRun) return null;
    await expectConsistentStorage();
    if (await isLibraryLive(library.libraryId)) {
      await mirror.poll();
      await mirror.expectMatchesLists("mirror polled before and after");
    }
    return "";
  } catch (error) {
    return String(error).slice(0, 600);
  }
}

describe("another action between two calls keeps storage consistent", { timeout: 280_000 }, () => {
  for (const action of everyAction) {
    it(action.name, async () => {
      const violations: string[] = [];
      for (const other of conflictingActions) {
        for (let callIndex = 0; ; callIndex++) {
          const violation = await runInterleaved(action, other, callIndex);
          if (violation === null) break;
          if (violation !== "") violations.push(`${other.name}, before call ${callIndex}: ${violation}`);
        }
      }
      expect(violations.slice(0, 10).join("\n\n")).toBe("");
    });
  }
});
