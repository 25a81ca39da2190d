/**
 * Every change, with each of its calls to D1, R2 and the queue failing in turn, and asked for again: it ends as the one
 * that nothing disturbed, down to the feed and the last object.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { recount } from "../support/rows/recount.ts";
import { clear, daysLater, deeds, furnished, prepare, type Bindings, type Deed, type World } from "./actions.ts";
import { bindingsWith, endings, type Mishap } from "./faults.ts";
import { snapshotOf, type Snapshot } from "./snapshot.ts";

beforeAll(async () => {
  await prepare();
});

/** Until it succeeds, as a client or a queue would; at most one try is disturbed. */
async function insist(deed: Deed, world: World, bindings: Bindings): Promise<void> {
  try {
    await deed.act(world, bindings);
  } catch {
    await deed.act(world, {});
  }
}

interface Life {
  before: Snapshot;
  after: Snapshot;
  calls: string[];
  wrong: object;
}

async function live(deed: Deed, mishap: Mishap | null): Promise<Life> {
  await clear();
  const world = await furnished();
  await deed.before?.(world);
  const before = await snapshotOf(world.libraryId, world.known);
  const { bindings, calls } = bindingsWith(mishap);
  await insist(deed, world, bindings);
  await daysLater();
  const after = await snapshotOf(world.libraryId, world.known);
  return { before, after, calls, wrong: await recount() };
}

function difference(one: Snapshot, other: Snapshot): string[] {
  const lines = ({ rows, events, keys, notes }: Snapshot): string[] => [
    ...rows,
    ...events.map((event, i) => `event ${i}: ${event}`),
    ...keys,
    ...notes.map((note) => JSON.stringify(note)),
  ];
  const [mine, theirs] = [lines(one), lines(other)];
  return [
    ...mine.filter((line) => !theirs.includes(line)).map((line) => `- ${line}`),
    ...theirs.filter((line) => !mine.includes(line)).map((line) => `+ ${line}`),
  ];
}

describe("whatever call fails, asked for again it ends the same:", { timeout: 280_000 }, () => {
  for (const deed of deeds) {
    it(deed.name, async () => {
      const undisturbed = await live(deed, null);
      const again = await live(deed, null);
      expect(difference(undisturbed.after, again.after), "without a mishap").toEqual([]);
      const moved = difference(undisturbed.before, undisturbed.after).length > 0;
      expect(moved || deed.changesNothing === true, "it changes something").toBe(true);
      const wrong: string[] = [];
      for (const [at, what] of undisturbed.calls.entries()) {
        for (const ending of endings) {
          const { after, wrong: miscounted } = await live(deed, { at, ending });
          const lines = difference(undisturbed.after, after);
          const doubled = deed.mayDouble === true && lines.every((line) => line.startsWith("+"));
          if (lines.length > 0 && !doubled) wrong.push(`call ${at} (${what}) ${ending}:\n${lines.join("\n")}`);
          if (Object.keys(miscounted).length > 0)
            wrong.push(`call ${at} (${what}) ${ending}: ${JSON.stringify(miscounted)}`);
        }
      }
      expect(wrong.join("\n\n")).toBe("");
      expect(undisturbed.calls.length).toBeGreaterThan(1);
    });
  }
});
