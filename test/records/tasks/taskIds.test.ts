import { describe, expect, it } from "vitest";
import { idFromBytes, isId, newId } from "../../../src/kernel/ids.ts";
import { taskIds, tasksOfId } from "../../../src/records/tasks/taskIds.ts";
import { taskTypes } from "../../../src/records/schema/schema.ts";

describe("the ids of a task", () => {
  it("differ for each task of an asset and lead back to the asset and the type", () => {
    const assetId = newId("asset");
    const seen = new Set<string>();
    for (const type of taskTypes) {
      const { id, celeryTaskId } = taskIds(assetId, type);
      expect(isId("task", id)).toBe(true);
      // Version 8 and the variant of RFC 9562.
      expect(celeryTaskId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      for (const name of [id, celeryTaskId]) {
        seen.add(name);
        expect(tasksOfId(name)).toContainEqual({ assetId, type });
      }
    }
    expect(seen.size).toBe(2 * taskTypes.length);
  });

  it("are stable, because stored ids of clients must not change", () => {
    const assetId = idFromBytes("asset", 1_800_000_000_000, new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]));
    expect(taskIds(assetId, "thumbhash")).toEqual({
      id: "btask_2JcMioUAYBXKWqWWVuJqSy",
      celeryTaskId: "01a3185c-5000-8102-8304-050607080900",
    });
  });

  it("are none of texts that no task has", () => {
    for (const name of ["", "anything", crypto.randomUUID().toUpperCase(), newId("asset")]) {
      expect(tasksOfId(name)).toEqual([]);
    }
  });

  it("leave room for two more types", () => {
    expect(taskTypes.length).toBeLessThanOrEqual(16);
  });
});
