import { expect, it } from "vitest";
import wasm from "../../../../src/media/transcode/resize/resize.wasm";
import { isolateCodec } from "../../../../src/media/transcode/webp/codecInstance.ts";

/** A codec that is the number of its instance. */
function countingCodec() {
  let started = 0;
  const create = () => Promise.resolve({ number: ++started });
  return isolateCodec(() => Promise.resolve({ create, wasm }), 1024 * 1024);
}

const numberOf = ({ number }: { number: number }) => number;

it("shares an instance among the isolate's own images", async () => {
  const codec = countingCodec();
  expect([await codec.runShared(numberOf), await codec.runShared(numberOf)]).toEqual([1, 1]);
});

it("gives each file of a client an instance of its own", async () => {
  const codec = countingCodec();
  expect(await codec.runShared(numberOf)).toBe(1);
  expect([await codec.runAlone(numberOf), await codec.runAlone(numberOf)]).toEqual([2, 3]);
  expect(await codec.runShared(numberOf)).toBe(1);
});

it("shares an instance among the images of a client's file", async () => {
  const codec = countingCodec();
  const [file, other] = [{}, {}];
  const fail = () => {
    throw new Error("damaged");
  };
  expect([await codec.runAlone(numberOf, file), await codec.runAlone(numberOf, file)]).toEqual([1, 1]);
  expect(await codec.runAlone(numberOf, other)).toBe(2);
  await expect(codec.runAlone(fail, file)).rejects.toThrow("damaged");
  expect([await codec.runAlone(numberOf, file), await codec.runAlone(numberOf, other)]).toEqual([3, 2]);
});

it("replaces the shared instance after an error", async () => {
  const codec = countingCodec();
  const fail = () => {
    throw new Error("out of memory");
  };
  await expect(codec.runShared(fail)).rejects.toThrow("out of memory");
  expect(await codec.runShared(numberOf)).toBe(2);
});

it("bounds the memory of an instance", async () => {
  const start = (maxBytes: number) =>
    isolateCodec(
      () =>
        Promise.resolve({
          create: (options: { instantiateWasm(imports: WebAssembly.Imports, done: () => void): WebAssembly.Exports }) =>
            Promise.resolve(options.instantiateWasm({}, () => undefined)),
          wasm,
        }),
      maxBytes,
    ).runAlone(({ memory }) => {
      if (!(memory instanceof WebAssembly.Memory)) throw new Error("no memory");
      return memory.grow(8);
    });
  await expect(start(16 * 64 * 1024)).resolves.toBeLessThan(2);
  await expect(start(4 * 64 * 1024)).rejects.toThrow("more than the memory limit");
});
