import { expect, it } from "vitest";
import { startKernel } from "../../../src/media/transcode/kernel.ts";
import wasm from "../../../src/media/transcode/resize/resize.wasm";

it("runs a kernel of wasm/ on bytes of its memory", () => {
  const kernel = startKernel(wasm);
  const memory = kernel.reserve(64);
  memory.set([200, 100, 50, 255, 200, 100, 50, 51, 255, 255, 255, 0], kernel.heapStart);
  kernel.function("premultiply")(kernel.heapStart, 3);
  expect([...memory.subarray(kernel.heapStart, kernel.heapStart + 12)]).toEqual([
    200, 100, 50, 255, 40, 20, 10, 51, 0, 0, 0, 0,
  ]);
});

it("grows the memory up to the maximum of its build and no further", () => {
  const kernel = startKernel(wasm);
  const maximumBytes = 64 * 64 * 1024;
  expect(kernel.reserve(maximumBytes - kernel.heapStart).length).toBe(maximumBytes);
  expect(() => kernel.reserve(maximumBytes - kernel.heapStart + 1)).toThrow(RangeError);
  expect(kernel.memoryBytes()).toBe(maximumBytes);
});

it("reports a function that the module lacks", () => {
  expect(() => startKernel(wasm).function("sharpen")).toThrow("the kernel exports no function sharpen");
});
