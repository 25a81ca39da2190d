import { afterEach, describe, expect, it, vi } from "vitest";
import { ring } from "../../src/operations/bell.ts";
import { keptQueue } from "../support/queue.ts";

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
});
