import { afterEach, describe, expect, it, vi } from "vitest";
import {
  MAX_RENDER_HOLD_MS,
  MAX_RENDER_INPUT_BYTES_AT_ONCE,
  withRenderInput,
} from "../../../../src/operations/delivery/scaled/renderTurn.ts";

afterEach(() => {
  vi.useRealTimers();
});

const wait = () => new Promise((resolve) => setTimeout(resolve, 20));

describe("files that are sent to the renderer", () => {
  it("take turns if they are large together, and run together if they are small", async () => {
    let [bytes, most, together] = [0, 0, 0];
    let running = 0;
    const send = (sizeBytes: number) =>
      withRenderInput(sizeBytes, async () => {
        bytes += sizeBytes;
        running += 1;
        most = Math.max(most, bytes);
        together = Math.max(together, running);
        await wait();
        bytes -= sizeBytes;
        running -= 1;
      });
    const large = MAX_RENDER_INPUT_BYTES_AT_ONCE;
    await Promise.all([large, large / 4, large, large / 4, large / 4, large / 4].map(send));
    expect(most).toBeLessThanOrEqual(large);
    expect(together).toBeGreaterThan(1);
  });

  it("run alone if one is larger than all may be, and leave their room after a failure", async () => {
    const failed = withRenderInput(2 * MAX_RENDER_INPUT_BYTES_AT_ONCE, () => Promise.reject(new Error("broken")));
    await expect(failed).rejects.toThrow("broken");
    expect(await withRenderInput(MAX_RENDER_INPUT_BYTES_AT_ONCE, () => Promise.resolve("sent"))).toBe("sent");
  });

  it("count no longer than the longest hold, so that a cancelled request blocks no other", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: 1_800_000_000_000 });
    let end = () => {};
    const stuck = withRenderInput(
      MAX_RENDER_INPUT_BYTES_AT_ONCE,
      () => new Promise<void>((resolve) => (end = resolve)),
    );
    await Promise.resolve();
    const next = withRenderInput(MAX_RENDER_INPUT_BYTES_AT_ONCE, () => Promise.resolve("next"));
    vi.setSystemTime(Date.now() + MAX_RENDER_HOLD_MS + 1);
    expect(await next).toBe("next");
    end();
    await stuck;
  });
});
