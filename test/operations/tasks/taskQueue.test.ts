import { afterEach, describe, expect, it, vi } from "vitest";
import { ring, ringAll } from "../../../src/operations/tasks/taskQueue.ts";
import { keptQueue } from "../../support/bindings/queue.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

describe("ringing", () => {
  it("names the asset and nothing else, and never fails whoever rings", async () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    const queue = keptQueue();
    await ring(queue.binding, "asset_1");
    expect(queue.sent).toEqual([{ assetId: "asset_1" }]);
    expect(warned).not.toHaveBeenCalled();
    await ring(keptQueue(new Error("away")).binding, "asset_1");
    expect(warned).toHaveBeenCalledOnce();
  });

  it("names many in batches of what a queue takes at once, and a batch that fails holds up no other", async () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    const ids = Array.from({ length: 201 }, (_, i) => `asset_${i}`);
    const batches: unknown[][] = [];
    const sendBatch = async (messages: Iterable<MessageSendRequest>): Promise<QueueSendBatchResponse> => {
      batches.push([...messages].map(({ body }) => body));
      if (batches.length === 1) throw new Error("away");
      return await keptQueue().binding.sendBatch([]);
    };
    await ringAll({ sendBatch }, ids);
    expect(batches.map((batch) => batch.length)).toEqual([100, 100, 1]);
    expect(batches.flat()).toEqual(ids.map((assetId) => ({ assetId })));
    expect(warned).toHaveBeenCalledOnce();
  });
});
