/** Turns the operators of a model into the layers of src/providers/faces/network/. */
import type { Layer } from "../../src/providers/faces/network/networkFile.ts";
import type { Graph, Operator, OperatorOptions } from "./graph.ts";

export interface CompiledModel {
  layers: Layer[];
  /** Values of all layers in order, packed as the kernel reads them. */
  weights: Float32Array;
  /** The values that the network computes, in the order of the model. */
  outputs: number[];
}

const PANEL = 8;

const roundUp = (value: number, step: number) => step * Math.ceil(value / step);

/** Pads values to `length` with zeros. */
function padded(values: Float32Array, length: number): Float32Array {
  const result = new Float32Array(length);
  result.set(values);
  return result;
}

/** Weights of [out][k][k][in] as panels of eight output channels, with channels padded to a multiple of four. */
function panels(values: Float32Array, [outputs = 0, kernel = 0, , inputs = 0]: number[]): Float32Array {
  const depth = roundUp(inputs, 4);
  const rows = kernel * kernel * depth;
  const result = new Float32Array(roundUp(outputs, PANEL) * rows);
  for (let output = 0; output < outputs; output++)
    for (let tap = 0; tap < kernel * kernel; tap++)
      for (let input = 0; input < inputs; input++) {
        const panel = Math.floor(output / PANEL) * rows + tap * depth + input;
        const value = values[(output * kernel * kernel + tap) * inputs + input] ?? 0;
        result[panel * PANEL + (output % PANEL)] = value;
      }
  return result;
}

export class LayerCompiler {
  readonly #model: Graph;
  readonly #layers: Layer[] = [];
  /** Weights, biases and slopes of each layer. */
  readonly #weights: { main: Float32Array; bias: Float32Array; slopes: Float32Array; lanes: number }[] = [];
  /** The layer whose output a tensor is; tensors that only change their name share it. Inputs are -1. */
  readonly #layerOf = new Map<number, number>();
  /** Constants after conversion from 16 bits. */
  readonly #constants = new Map<number, Float32Array>();
  /** Half of x minus its absolute value times slopes: tensors on the way to a sum that is a PReLU. */
  readonly #negatives = new Map<number, Float32Array | null>();

  constructor(model: Graph) {
    this.#model = model;
    for (const input of model.inputs) this.#layerOf.set(input, -1);
    model.tensors.forEach(({ values }, index) => {
      if (values !== null) this.#constants.set(index, values);
    });
  }

  compile(): CompiledModel {
    for (const operator of this.#model.operators) this.#add(operator);
    const outputs = this.#model.outputs.map((tensor) => this.#source(tensor));
    const parts = this.#weights.flatMap(({ main, bias, slopes }) => [main, bias, slopes]);
    const weights = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      weights.set(part, at);
      at += part.length;
    }
    return { layers: this.#layers, weights, outputs };
  }

  #source(tensor: number | undefined): number {
    const layer = tensor === undefined ? undefined : this.#layerOf.get(tensor);
    if (layer === undefined) throw new Error(`tensor ${String(tensor)} is computed by no supported operator`);
    return layer;
  }

  #constant(tensor: number | undefined): Float32Array {
    const values = tensor === undefined ? undefined : this.#constants.get(tensor);
    if (values === undefined) throw new Error(`tensor ${String(tensor)} is not constant`);
    return values;
  }

  #shape(tensor: number | undefined): number[] {
    return this.#model.tensors[tensor ?? -1]?.shape ?? [];
  }

  #push(
    output: number | undefined,
    layer: Layer,
    main: Float32Array = new Float32Array(),
    bias: Float32Array = new Float32Array(),
    lanes = 4,
  ): void {
    if (output === undefined) throw new Error("an operator has no output");
    this.#layerOf.set(output, this.#layers.length);
    this.#layers.push(layer);
    this.#weights.push({ main, bias, slopes: new Float32Array(), lanes });
  }

  /** Lets a layer apply an activation, whose output replaces its own. */
  #activate(input: number | undefined, output: number | undefined, slopes: Float32Array | null): void {
    const index = this.#source(input);
    const layer = this.#layers[index];
    const weights = this.#weights[index];
    const users = this.#model.operators.filter(({ inputs }) => inputs.includes(input ?? -2));
    const isFusible = users.length === 1 || slopes !== null;
    const isFree = layer !== undefined && "activation" in layer && layer.activation === "none";
    if (!isFree || weights === undefined || !isFusible) throw new Error("unsupported activation");
    layer.activation = slopes === null ? "relu" : "prelu";
    if (slopes !== null) weights.slopes = padded(slopes, roundUp(slopes.length, weights.lanes));
    this.#layerOf.set(output ?? -2, index);
  }

  #add(operator: Operator): void {
    const [first, second] = operator.inputs;
    const [output = -1] = operator.outputs;
    switch (operator.kind) {
      case "dequantize":
        return void this.#constants.set(output, this.#constant(first));
      case "reshape":
        return void this.#layerOf.set(output, this.#source(first));
      // A channel that is missing in one operand of a sum is zero: addPixels needs no padding.
      case "pad":
        return this.#padChannels(operator);
      case "relu":
        return this.#isNegated(first, output) ? undefined : this.#activate(first, output, null);
      case "prelu":
        return this.#activate(first, output, this.#constant(second));
      case "absolute":
      case "subtract":
        return void this.#negatives.set(output, null);
      case "multiply":
        // slopes * (x - |x|) is twice the slopes where x is negative.
        return void this.#negatives.set(
          output,
          this.#constant(operator.inputs.find((input) => this.#constants.has(input))).map((slope) => 2 * slope),
        );
      case "add":
        return this.#sum(operator);
      case "pool":
        return this.#pool(operator);
      case "resize":
        return this.#resize(operator);
      case "convolution":
        return this.#convolution(operator);
      case "depthwise":
        return this.#depthwise(operator);
    }
  }

  /** Whether a ReLU is a part of relu(x) + slopes * (x - |x|), in which its input is used more than once. */
  #isNegated(input: number | undefined, output: number): boolean {
    const isShared = this.#model.operators.some(({ kind, inputs }) => kind === "absolute" && inputs[0] === input);
    if (isShared) this.#layerOf.set(output, this.#source(input));
    return isShared;
  }

  #padChannels({ inputs, outputs }: Operator): void {
    const [from, to] = [this.#shape(inputs[0]), this.#shape(outputs[0])];
    if (from[1] !== to[1] || from[2] !== to[2]) throw new Error("unsupported padding");
    this.#layerOf.set(outputs[0] ?? -2, this.#source(inputs[0]));
  }

  #sum({ inputs, outputs, options }: Operator): void {
    const slopes = inputs[1] === undefined ? undefined : this.#negatives.get(inputs[1]);
    if (slopes !== undefined && slopes !== null) return this.#activate(inputs[0], outputs[0], slopes);
    const sources = inputs.map((input) => this.#source(input));
    const counts = sources.map((source) => this.#channelsOf(source));
    const channels = Math.max(...counts);
    const [first = 0, second = 0] = counts[0] === channels ? sources : sources.toReversed();
    const { activation } = options;
    this.#push(outputs[0], { kind: "add", first, second, channels, fewer: Math.min(...counts), activation });
  }

  #channelsOf(source: number): number {
    const layer = this.#layers[source];
    if (layer === undefined) throw new Error("the input of a network is an operand of a sum");
    return layer.channels;
  }

  #pool({ inputs, outputs }: Operator): void {
    this.#push(outputs[0], { kind: "pool", input: this.#source(inputs[0]), channels: this.#shape(outputs[0])[3] ?? 0 });
  }

  #resize({ inputs, outputs }: Operator): void {
    const [from, to] = [this.#shape(inputs[0]), this.#shape(outputs[0])];
    const isDouble = to[1] === 2 * (from[1] ?? 0) && to[2] === 2 * (from[2] ?? 0);
    if (!isDouble) throw new Error("unsupported resizing");
    this.#push(outputs[0], { kind: "double", input: this.#source(inputs[0]), channels: to[3] ?? 0 });
  }

  #convolutionOptions({ activation, padding, strides, dilations }: OperatorOptions) {
    const [stride = 1, other = 1] = strides;
    if (stride !== other || dilations.some((dilation) => dilation > 1)) throw new Error("unsupported convolution");
    return { stride, activation, padding };
  }

  #convolution({ inputs, outputs, options }: Operator): void {
    const shape = this.#shape(inputs[1]);
    const [channels = 0, kernel = 0, , inputChannels = 0] = shape;
    const main = panels(this.#constant(inputs[1]), shape);
    const bias = padded(this.#constant(inputs[2]), roundUp(channels, PANEL));
    const parameters = this.#convolutionOptions(options);
    const layer = { kind: "convolution", input: this.#source(inputs[0]), channels, inputChannels, kernel } as const;
    this.#push(outputs[0], { ...layer, ...parameters }, main, bias, PANEL);
  }

  #depthwise({ inputs, outputs, options }: Operator): void {
    const [, kernel = 0, , channels = 0] = this.#shape(inputs[1]);
    const bias = padded(this.#constant(inputs[2]), roundUp(channels, 4));
    if (channels % 4 !== 0) throw new Error("unsupported number of channels");
    const parameters = this.#convolutionOptions(options);
    const layer = { kind: "depthwise", input: this.#source(inputs[0]), channels, kernel } as const;
    this.#push(outputs[0], { ...layer, ...parameters }, this.#constant(inputs[1]), bias);
  }
}
