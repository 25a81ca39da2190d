/** Places the values of a network in memory for one size of its input. */
import type { Layer } from "./networkFile.ts";

export interface Size {
  height: number;
  width: number;
}

/** A value: pixels of `channels` floats, padded to a multiple of four. */
export interface Value extends Size {
  channels: number;
  /** Bytes from the start of the arena. */
  offset: number;
}

/** Layers that run together, some rows at a time, so that what lies between them is never whole in memory. */
export interface Step {
  depthwise: number | null;
  /** The layer after the depthwise one, or the only one. */
  main: number;
  /** A sum with the output of `main`. */
  sum: number | null;
}

export interface NetworkPlan {
  steps: Step[];
  /** The network's input. */
  input: Value;
  /** The values of the layers; null for those that are never whole. */
  values: (Value | null)[];
  /** Rows of intermediate values, from the start of the arena. */
  scratch: { patches: number; product: number };
  /** All of the arena. */
  bytes: number;
}

/** Pixels that a step computes at a time: enough to use each weight often, few enough for the processor's cache. */
const STEP_PIXELS = 128;
const ALIGNMENT_BYTES = 16;
const FLOAT_BYTES = 4;
const INPUT_CHANNELS = 4;

export function paddedChannels(channels: number): number {
  return 4 * Math.ceil(channels / 4);
}

/** Rows that a step computes at a time. */
export function stepRows(width: number): number {
  return Math.max(1, Math.floor(STEP_PIXELS / width));
}

function bytesOf({ height, width, channels }: Omit<Value, "offset">): number {
  const bytes = height * width * channels * FLOAT_BYTES;
  return ALIGNMENT_BYTES * Math.ceil(bytes / ALIGNMENT_BYTES);
}

export function inputsOf(layer: Layer): number[] {
  return layer.kind === "add" ? [layer.first, layer.second] : [layer.input];
}

function isPointwise(layer: Layer | undefined): boolean {
  return layer?.kind === "convolution" && layer.kernel === 1 && layer.stride === 1;
}

/** Groups depthwise, pointwise and sum layers that follow each other and whose values nothing else reads. */
function groupLayers(layers: Layer[], outputs: number[]): Step[] {
  const readers = (index: number) =>
    layers.filter((layer) => inputsOf(layer).includes(index)).length + (outputs.includes(index) ? 1 : 0);
  const feeds = (index: number) => {
    const next = layers[index + 1];
    return next !== undefined && inputsOf(next).includes(index) && readers(index) === 1;
  };
  const steps: Step[] = [];
  for (let index = 0; index < layers.length; index++) {
    const isFused = layers[index]?.kind === "depthwise" && isPointwise(layers[index + 1]) && feeds(index);
    const depthwise = isFused ? index++ : null;
    const main = index;
    const sum = isPointwise(layers[main]) && layers[main + 1]?.kind === "add" && feeds(main) ? ++index : null;
    steps.push({ depthwise, main, sum });
  }
  return steps;
}

/** The size of a layer's output. */
function outputSize(layer: Layer, input: Size): Size {
  const scale = (edge: number) => {
    if (layer.kind === "add") return edge;
    if (layer.kind === "double") return edge * 2;
    if (layer.kind === "pool") return Math.ceil(edge / 2);
    return layer.padding === "same"
      ? Math.ceil(edge / layer.stride)
      : Math.floor((edge - layer.kernel) / layer.stride) + 1;
  };
  return { height: scale(input.height), width: scale(input.width) };
}

/** Gives out ranges of the arena, first fit. */
class Arena {
  readonly #taken: { offset: number; bytes: number }[] = [];
  bytes = 0;

  take(bytes: number): number {
    let offset = 0;
    for (const range of this.#taken) {
      if (range.offset - offset >= bytes) break;
      offset = range.offset + range.bytes;
    }
    this.#taken.push({ offset, bytes });
    this.#taken.sort((a, b) => a.offset - b.offset);
    this.bytes = Math.max(this.bytes, offset + bytes);
    return offset;
  }

  free(offset: number): void {
    const index = this.#taken.findIndex((range) => range.offset === offset);
    if (index >= 0) this.#taken.splice(index, 1);
  }
}

/** The values that a step reads from the arena. */
function stepInputs(layers: Layer[], { depthwise, main, sum }: Step): number[] {
  const inside = [depthwise, main];
  return layers
    .filter((_, index) => index === depthwise || index === main || index === sum)
    .flatMap(inputsOf)
    .filter((input) => !inside.includes(input));
}

/** Plans a run on an input of `size`. Values are freed after their last use; a sum may replace one of its operands. */
export function planNetwork(layers: Layer[], outputs: number[], size: Size): NetworkPlan {
  const steps = groupLayers(layers, outputs);
  const sizes: Size[] = [];
  const sizeOf = (value: number) => (value < 0 ? size : (sizes[value] ?? size));
  for (const layer of layers) sizes.push(outputSize(layer, sizeOf(inputsOf(layer)[0] ?? -1)));
  const lastUse = new Map<number, number>();
  steps.forEach((step, at) => {
    for (const input of stepInputs(layers, step)) lastUse.set(input, at);
  });
  for (const output of outputs) lastUse.set(output, Infinity);
  const arena = new Arena();
  const place = (channels: number, at: Size): Value => {
    const value = { ...at, channels: paddedChannels(channels) };
    return { ...value, offset: arena.take(bytesOf(value)) };
  };
  const input = place(INPUT_CHANNELS, size);
  const values: (Value | null)[] = layers.map(() => null);
  const valueOf = (value: number) => (value < 0 ? input : (values[value] ?? null));
  const scratch = { patches: 0, product: 0 };
  steps.forEach((step, at) => {
    const target = step.sum ?? step.main;
    const layer = layers[target];
    if (layer === undefined) return;
    const dying = [...new Set(stepInputs(layers, step))].filter((value) => lastUse.get(value) === at);
    const replaced = layer.kind === "add" ? replaceable(layers, layer, dying, valueOf, step) : null;
    values[target] = replaced ?? place(layer.channels, sizeOf(target));
    for (const value of dying)
      if (valueOf(value)?.offset !== values[target]?.offset) arena.free(valueOf(value)?.offset ?? -1);
    const pixels = sizeOf(step.main).width * stepRows(sizeOf(step.main).width);
    const needs = scratchOf(layers, step);
    scratch.patches = Math.max(scratch.patches, pixels * needs.patches * FLOAT_BYTES);
    scratch.product = Math.max(scratch.product, pixels * needs.product * FLOAT_BYTES);
  });
  const product = arena.bytes + scratch.patches;
  return { steps, input, values, scratch: { patches: arena.bytes, product }, bytes: product + scratch.product };
}

/** The operand whose memory the sum may take over: it is read nowhere else and has as many channels. */
function replaceable(
  layers: Layer[],
  layer: Extract<Layer, { kind: "add" }>,
  dying: number[],
  valueOf: (value: number) => Value | null,
  { depthwise, main }: Step,
): Value | null {
  // A convolution reads rows around the current one, which must not be overwritten.
  const reader = layers[depthwise ?? main];
  const read = reader === undefined || reader.kind === "add" ? null : reader.input;
  const operands = [layer.first, layer.second].filter((value) => value !== read && dying.includes(value));
  const channels = paddedChannels(layer.channels);
  return operands.map(valueOf).find((value) => value?.channels === channels) ?? null;
}

/** Floats for each pixel: patches or the depthwise output before the product, and the product before the sum. */
function scratchOf(layers: Layer[], { depthwise, main, sum }: Step): { patches: number; product: number } {
  const layer = layers[main];
  const before = depthwise === null ? undefined : layers[depthwise];
  const product = sum === null ? 0 : paddedChannels(layer?.channels ?? 0);
  if (before !== undefined) return { patches: paddedChannels(before.channels), product };
  if (layer?.kind !== "convolution" || layer.kernel === 1) return { patches: 0, product };
  return { patches: layer.kernel ** 2 * paddedChannels(layer.inputChannels), product };
}
