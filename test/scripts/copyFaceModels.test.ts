import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { copyFaceModels } from "../../scripts/copyFaceModels.ts";
import { LayerCompiler } from "../../scripts/faceModels/layers.ts";
import { toHalf } from "../../scripts/faceModels/networkFile.ts";
import { readTfjsGraph } from "../../scripts/faceModels/tfjsGraph.ts";
import { readTflite } from "../../scripts/faceModels/tflite.ts";

const MAX_WEIGHT_BYTES = 8 * 1000 * 1000;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "face-models-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** The value of a 16-bit float. */
function fromHalf(half: number): number {
  const [exponent, fraction] = [(half >> 10) & 31, half & 1023];
  const magnitude = exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return half & 0x8000 ? -magnitude : magnitude;
}

describe("copyFaceModels", () => {
  it("writes networks of at most 8 MB, with their licences", () => {
    copyFaceModels(folder);
    const files = readdirSync(folder).toSorted();
    expect(files).toEqual([
      "LICENSE-Apache-2.0.txt",
      "LICENSE-MIT.txt",
      "NOTICE.txt",
      "detector.bin",
      "embedder.bin",
      "landmarks.bin",
      "version",
    ]);
    const bytes = files.filter((name) => name.endsWith(".bin")).map((name) => statSync(join(folder, name)).size);
    expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThan(MAX_WEIGHT_BYTES);
  });

  it("keeps unchanged files and replaces those of another version", () => {
    copyFaceModels(folder);
    const path = join(folder, "detector.bin");
    const original = readFileSync(path);
    writeFileSync(path, "changed");
    copyFaceModels(folder);
    expect(readFileSync(path, "utf8")).toBe("changed");
    writeFileSync(join(folder, "version"), "another");
    copyFaceModels(folder);
    expect(readFileSync(path).equals(original)).toBe(true);
  });
});

describe("toHalf", () => {
  it("returns every 16-bit float for its own value", () => {
    for (let half = 0; half < 0x7c00; half++) {
      expect(toHalf(fromHalf(half))).toBe(half);
      expect(toHalf(-fromHalf(half))).toBe(half | 0x8000);
    }
  });

  it("rounds to the nearest float, and to the even one between two", () => {
    const step = 2 ** -10;
    expect(toHalf(1 + 0.4 * step)).toBe(toHalf(1));
    expect(toHalf(1 + 0.6 * step)).toBe(toHalf(1 + step));
    expect(toHalf(1 + 0.5 * step)).toBe(toHalf(1));
    expect(toHalf(1 + 1.5 * step)).toBe(toHalf(1 + 2 * step));
    expect(toHalf(2 - 0.1 * step)).toBe(toHalf(2));
  });

  it("rejects what a 16-bit float can't hold", () => {
    for (const value of [65_520, -70_000, Infinity, NaN]) expect(() => toHalf(value)).toThrow("exceeds the range");
  });
});

describe("readTflite", () => {
  it("reads layers and weights of a model", () => {
    const file = readFileSync("node_modules/@mediapipe/face_detection/face_detection_full_range.tflite");
    const { tensors, operators, inputs, outputs } = readTflite(new Uint8Array(file));
    expect(inputs.map((index) => tensors[index]?.shape)).toEqual([[1, 192, 192, 3]]);
    expect(outputs.map((index) => tensors[index]?.shape)).toEqual([
      [1, 2304, 16],
      [1, 2304, 1],
    ]);
    expect(operators.length).toBeGreaterThan(300);
  });
});

describe("readTfjsGraph", () => {
  const models = join("node_modules", "@vladmandic", "human-models", "models");
  const graph = new Uint8Array(readFileSync(join(models, "mobilefacenet.json")));
  const weights = new Uint8Array(readFileSync(join(models, "mobilefacenet.bin")));
  const output = "MobileFaceNet/Logits/SpatialSqueeze";

  /** The graph with one text in place of another. */
  const replaced = (from: string, to: string) =>
    new TextEncoder().encode(new TextDecoder().decode(graph).replaceAll(from, to));

  it("reads the layers up to the output, with the activation of every PReLU", () => {
    const { layers, outputs } = new LayerCompiler(readTfjsGraph(graph, weights, output)).compile();
    const convolutions = layers.filter(({ kind }) => kind === "convolution" || kind === "depthwise");
    expect(convolutions).toHaveLength(52);
    expect(layers.filter((layer) => "activation" in layer && layer.activation === "prelu")).toHaveLength(33);
    expect(layers.filter((layer) => "activation" in layer && layer.activation === "relu")).toHaveLength(0);
    expect(outputs).toEqual([layers.length - 1]);
    expect(layers.at(-1)).toMatchObject({ kind: "convolution", channels: 192, activation: "none" });
  });

  it("rejects weights of another length", () => {
    expect(() => readTfjsGraph(graph, weights.slice(0, -4), output)).toThrow();
    expect(() => readTfjsGraph(graph, new Uint8Array(weights.length + 4), output)).toThrow("the weights end at");
  });

  it("rejects what no layer of the kernel computes", () => {
    expect(() => readTfjsGraph(graph, weights, "embeddings")).toThrow("unsupported operator Square");
    expect(() => readTfjsGraph(graph, weights, "logits")).toThrow("the model has no node logits");
    const sigmoid = replaced('"op":"Relu"', '"op":"Sigmoid"');
    expect(() => readTfjsGraph(sigmoid, weights, output)).toThrow("unsupported operator Sigmoid");
    const explicit = replaced('"VkFMSUQ="', '"RVhQTElDSVQ="');
    expect(() => readTfjsGraph(explicit, weights, output)).toThrow("unsupported attributes");
    const quantized = replaced('"dtype":"float32"', '"dtype":"float32","quantization":{"dtype":"uint8"}');
    expect(() => readTfjsGraph(quantized, weights, output)).toThrow("quantization");
  });
});
