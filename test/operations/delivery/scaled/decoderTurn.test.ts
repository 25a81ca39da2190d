import { afterEach, describe, expect, it, vi } from "vitest";
import { MAX_DECODER_HOLD_MS, withDecoder } from "../../../../src/operations/delivery/scaled/decoderTurn.ts";

afterEach(() => {
  vi.useRealTimers();
});

describe("the turns of image decoders", () => {
  it("run one at a time, in the order of their requests, also after a failure", async () => {
    const steps: string[] = [];
    const decode = (name: string, fails: boolean) =>
      withDecoder(async () => {
        steps.push(`${name} starts`);
        await new Promise((resolve) => setTimeout(resolve, 5));
        steps.push(`${name} ends`);
        if (fails) throw new Error(name);
        return name;
      });
    const results = await Promise.allSettled([decode("a", false), decode("b", true), decode("c", false)]);
    expect(steps).toEqual(["a starts", "a ends", "b starts", "b ends", "c starts", "c ends"]);
    expect(results.map((result) => result.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  });

  it("pass to the next after the longest hold, whose late end frees no other's turn", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: 1_800_000_000_000 });
    let endFirst = () => {};
    const first = withDecoder(() => new Promise<void>((resolve) => (endFirst = resolve)));
    await Promise.resolve();
    let isSecondRunning = false;
    let endSecond = () => {};
    const second = withDecoder(() => {
      isSecondRunning = true;
      return new Promise<void>((resolve) => (endSecond = resolve));
    });
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(isSecondRunning).toBe(false);
    vi.setSystemTime(1_800_000_000_000 + MAX_DECODER_HOLD_MS + 1);
    await vi.waitUntil(() => isSecondRunning);
    endFirst();
    await first;
    let isThirdRunning = false;
    const third = withDecoder(() => {
      isThirdRunning = true;
      return Promise.resolve();
    });
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(isThirdRunning).toBe(false);
    endSecond();
    await Promise.all([second, third]);
    expect(isThirdRunning).toBe(true);
  });
});
