/** Runs the layers of a network on the kernel wasm/network/. */
import type { Kernel } from "../../../media/transcode/kernel.ts";
import type { Layer, NetworkFile } from "./networkFile.ts";
import { paddedChannels, planNetwork, stepRows } from "./networkPlan.ts";
import type { NetworkPlan, Size, Step, Value } from "./networkPlan.ts";
import { parameterAddresses, productDepth, type Convolution, type Parameters } from "./parameters.ts";

type Sum = Extract<Layer, { kind: "add" }>;

const FLOAT_BYTES = 4;
/** The numbers of wasm/network/activation.ts. */
const ACTIVATIONS = { none: 0, relu: 1, prelu: 2 } as const;

/** Rows of a layer's output, from `row` on. */
interface Rows {
  row: number;
  count: number;
  width: number;
}

export interface NetworkOutput {
  height: number;
  width: number;
  /** Padded to a multiple of four. */
  channels: number;
  /** A copy of height × width × channels values. */
  floats: Float32Array;
}

export interface Network {
  /** Places the values of a run on an input of `size`. */
  plan(size: Size): NetworkPlan;
  /** Computes all layers. The input is at `arena + plan.input.offset`; the run overwrites it. */
  run(plan: NetworkPlan, arena: number): NetworkOutput[];
}

/** Zero rows before the input: TensorFlow's "same" padding puts the larger half behind it. */
function paddingBefore({ padding, kernel, stride }: Convolution, edge: number): number {
  if (padding === "valid") return 0;
  const total = Math.max(0, (Math.ceil(edge / stride) - 1) * stride + kernel - edge);
  return Math.floor(total / 2);
}

function kernelFunctions(kernel: Kernel) {
  return {
    multiplyRows: kernel.function("multiplyRows"),
    gatherPatches: kernel.function("gatherPatches"),
    depthwise: kernel.function("depthwise"),
    addPixels: kernel.function("addPixels"),
    maxPool: kernel.function("maxPool"),
    doubleSize: kernel.function("doubleSize"),
  };
}

/** One run: layers on the values of a plan. */
class NetworkRun {
  readonly #layers: Layer[];
  readonly #parameters: Parameters[];
  readonly #call: ReturnType<typeof kernelFunctions>;
  readonly #plan: NetworkPlan;
  readonly #arena: number;
  /** Addresses of rows that are never whole in memory. */
  readonly #patches: number;
  readonly #product: number;

  constructor(network: NetworkParts, plan: NetworkPlan, arena: number) {
    this.#layers = network.layers;
    this.#parameters = network.parameters;
    this.#call = network.call;
    this.#plan = plan;
    this.#arena = arena;
    this.#patches = arena + plan.scratch.patches;
    this.#product = arena + plan.scratch.product;
  }

  step(step: Step): void {
    const layer = this.#layers[step.main];
    const target = this.value(step.sum ?? step.main);
    if (layer?.kind === "convolution" || layer?.kind === "depthwise") this.#convolve(step, layer, target);
    if (layer?.kind === "add") this.#add(step.main, layer, null, { row: 0, count: target.height, width: target.width });
    if (layer?.kind !== "pool" && layer?.kind !== "double") return;
    const { height, width, channels, ...input } = this.value(layer.input);
    const run = layer.kind === "pool" ? this.#call.maxPool : this.#call.doubleSize;
    run(this.#arena + input.offset, height, width, channels, this.#at(target));
  }

  /** The place of a value; the network's input is -1. */
  value(index: number): Value {
    const value = index < 0 ? this.#plan.input : this.#plan.values[index];
    if (value === null || value === undefined) throw new Error(`the value ${index} is not in memory`);
    return value;
  }

  #at(value: Value, row = 0): number {
    return this.#arena + value.offset + row * value.width * value.channels * FLOAT_BYTES;
  }

  #parametersOf(index: number): Parameters {
    return this.#parameters[index] ?? { weights: 0, bias: 0, slopes: 0 };
  }

  #convolve(step: Step, layer: Convolution, target: Value): void {
    const perStep = stepRows(target.width);
    for (let row = 0; row < target.height; row += perStep) {
      const rows = { row, count: Math.min(perStep, target.height - row), width: target.width };
      if (layer.kind === "depthwise") this.#depthwise(step.main, layer, rows, this.#at(target, row));
      else this.#multiply(step, layer, target, rows);
    }
  }

  #depthwise(index: number, layer: Convolution, { row, count, width }: Rows, to: number): void {
    const input = this.value(layer.input);
    const [top, left] = [paddingBefore(layer, input.height), paddingBefore(layer, input.width)];
    const { weights, bias, slopes } = this.#parametersOf(index);
    const from = [this.#at(input), input.height, input.width, input.channels];
    const filter = [row, count, width, layer.kernel, layer.stride, top, left];
    this.#call.depthwise(...from, to, ...filter, weights, bias, ACTIVATIONS[layer.activation], slopes);
  }

  /** Multiplies rows with the weights of a convolution, after a depthwise layer and before a sum that belong to it. */
  #multiply({ depthwise, main, sum }: Step, layer: Convolution, target: Value, rows: Rows): void {
    const before = depthwise === null ? undefined : this.#layers[depthwise];
    const isDepthwise = depthwise !== null && before?.kind === "depthwise";
    if (isDepthwise) this.#depthwise(depthwise, before, rows, this.#patches);
    const from = isDepthwise ? this.#patches : this.#gather(layer, rows);
    const to = sum === null ? this.#at(target, rows.row) : this.#product;
    const { weights, bias, slopes } = this.#parametersOf(main);
    const shape = [rows.count * rows.width, productDepth(layer), paddedChannels(layer.channels)];
    this.#call.multiplyRows(from, to, ...shape, weights, bias, ACTIVATIONS[layer.activation], slopes);
    const last = sum === null ? undefined : this.#layers[sum];
    if (sum !== null && last?.kind === "add") this.#add(sum, last, main, rows);
  }

  /** Copies patches of some rows and returns their address; that of the input if a patch is one pixel. */
  #gather(layer: Convolution, { row, count, width }: Rows): number {
    const input = this.value(layer.input);
    if (layer.kernel === 1 && layer.stride === 1) return this.#at(input, row);
    const [top, left] = [paddingBefore(layer, input.height), paddingBefore(layer, input.width)];
    const rowBytes = width * productDepth(layer) * FLOAT_BYTES;
    for (let i = 0; i < count; i++) {
      const from = [this.#at(input), input.height, input.width, input.channels, this.#patches + i * rowBytes];
      const first = (row + i) * layer.stride - top;
      this.#call.gatherPatches(...from, width, layer.kernel, layer.stride, first, -left);
    }
    return this.#patches;
  }

  /** Adds rows of two values, of which `product` is the one that was just computed. */
  #add(index: number, layer: Sum, product: number | null, { row, count, width }: Rows): void {
    const operand = (value: number) => (value === product ? this.#product : this.#at(this.value(value), row));
    const channels = [paddedChannels(layer.channels), paddedChannels(layer.fewer)] as const;
    const target = this.#at(this.value(index), row);
    const [first, second] = [operand(layer.first), operand(layer.second)];
    const { slopes } = this.#parametersOf(index);
    const activation = ACTIVATIONS[layer.activation];
    this.#call.addPixels(first, channels[0], second, channels[1], target, count * width, activation, slopes);
  }
}

interface NetworkParts {
  layers: Layer[];
  parameters: Parameters[];
  call: ReturnType<typeof kernelFunctions>;
}

/** Creates a network whose weights are at `address` in the kernel's memory. */
export function createNetwork(kernel: Kernel, { layers, outputs }: NetworkFile, address: number): Network {
  const parts = { layers, parameters: parameterAddresses(layers, address), call: kernelFunctions(kernel) };
  return {
    plan: (size) => planNetwork(layers, outputs, size),
    run: (plan, arena) => {
      const run = new NetworkRun(parts, plan, arena);
      for (const step of plan.steps) run.step(step);
      return outputs.map((output) => {
        const { height, width, channels, offset } = run.value(output);
        const { buffer } = kernel.reserve(0);
        const floats = new Float32Array(buffer, arena + offset, height * width * channels).slice();
        return { height, width, channels, floats };
      });
    },
  };
}
