import { afterEach, describe, expect, it, vi } from "vitest";
import { enqueue, enqueueBatch } from "../../../src/operations/tasks/taskQueue.ts";
import { recordingQueue } from "../../support/bindings/queue.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

describe("enqueue and enqueueBatch", () => {
  it("sends only the asset id and resolves when the queue rejects the message", async () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    const queue = recordingQueue();
    await enqueue(queue.binding, "asset_1");
    expect(queue.sent).toEqual([{ assetId: "asset_1" }]);
    expect(warned).not.toHaveBeenCalled();
    await enqueue(recordingQueue(new Error("queue unavailable")).binding, "asset_1");
    expect(warned).toHaveBeenCalledOnce();
  });

  it("sends batches of 100 messages and continues after a failed batch", async () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    const ids = Array.from({ length: 201 }, (_, i) => `asset_${i}`);
    const batches: unknown[][] = [];
    const sendBatch = async (messages: Iterable<MessageSendRequest>): Promise<QueueSendBatchResponse> => {
      batches.push([...messages].map(({ body }) => body));
      if (batches.length === 1) throw new Error("queue unavailable");
      return await recordingQueue().binding.sendBatch([]);
    };
    await enqueueBatch({ ...recordingQueue().binding, sendBatch }, ids);
    expect(batches.map((batch) => batch.length)).toEqual([100, 100, 1]);
    expect(batches.flat()).toEqual(ids.map((assetId) => ({ assetId })));
    expect(warned).toHaveBeenCalledOnce();
  });
});
