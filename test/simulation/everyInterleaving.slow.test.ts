/**
 * Every change with every other one happening between any two of its calls: no answer is a 5xx, no count is wrong, no
 * object missing or left over, and the feed still tells of what is there.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { sqlAll } from "../support/clients/account.ts";
import { FeedMirror } from "../support/clients/feedMirror.ts";
import { clear, deeds, furnished, prepare, type Deed } from "./actions.ts";
import { expectInOrder } from "./simulation.ts";
import { bindingsWith } from "./faults.ts";

beforeAll(async () => {
  await prepare();
});

/** What takes away, moves or hides what the others are at. */
const intruders = deeds.filter(({ name }) =>
  [
    "trash",
    "delete many",
    "empty the trash",
    "take out of an album",
    "delete an album",
    "make a stack of another's cover",
    "ungroup a stack",
    "edit many",
    "append a version",
    "trash a library",
    "purge the trash",
  ].includes(name),
);

async function isLive(libraryId: string): Promise<boolean> {
  return (await sqlAll("SELECT id FROM libraries WHERE id = ? AND trashed_at IS NULL", libraryId)).length > 0;
}

/** Null where `at` is behind the last call; else what went wrong, if anything did. */
async function interleaved(deed: Deed, other: Deed, at: number): Promise<string | null> {
  await clear();
  const world = await furnished();
  await deed.before?.(world);
  if (other !== deed) await other.before?.(world);
  const mirror = new FeedMirror(world.libraryId);
  if (await isLive(world.libraryId)) await mirror.poll();
  let happened = false;
  const work = async (): Promise<void> => {
    happened = true;
    await other.act(world, {});
  };
  try {
    await deed.act(world, bindingsWith(null, { at, work }).bindings);
    if (!happened) return null;
    await expectInOrder();
    if (await isLive(world.libraryId)) {
      await mirror.poll();
      await mirror.expectSame("followed");
    }
    return "";
  } catch (error) {
    return String(error).slice(0, 600);
  }
}

describe("while one call waits, another is made:", { timeout: 280_000 }, () => {
  for (const deed of deeds) {
    it(deed.name, async () => {
      const wrong: string[] = [];
      for (const other of intruders) {
        for (let at = 0; ; at++) {
          const found = await interleaved(deed, other, at);
          if (found === null) break;
          if (found !== "") wrong.push(`${other.name}, at call ${at}: ${found}`);
        }
      }
      expect(wrong.slice(0, 10).join("\n\n")).toBe("");
    });
  }
});
