/**
 * Reads the graph and the weights of a TensorFlow Lite model, a FlatBuffer:
 * https://github.com/tensorflow/tensorflow/blob/master/tensorflow/compiler/mlir/lite/schema/schema.fbs
 */

import { type Graph, NO_OPTIONS, type OperatorKind, type OperatorOptions } from "./graph.ts";

const KINDS = new Map<number, OperatorKind>([
  [0, "add"],
  [3, "convolution"],
  [4, "depthwise"],
  [6, "dequantize"],
  [17, "pool"],
  [18, "multiply"],
  [19, "relu"],
  [22, "reshape"],
  [23, "resize"],
  [34, "pad"],
  [41, "subtract"],
  [54, "prelu"],
  [101, "absolute"],
]);
const ACTIVATIONS = ["none", "relu"] as const;
const FLOAT32 = 0;
const FLOAT16 = 1;
const INT32 = 2;

/** A table of a FlatBuffer: fields are found by their index in the schema. */
class Table {
  readonly #view: DataView;
  readonly #at: number;

  constructor(view: DataView, at: number) {
    this.#view = view;
    this.#at = at;
  }

  #field(index: number): number | null {
    const fields = this.#at - this.#view.getInt32(this.#at, true);
    const entry = 4 + 2 * index;
    if (entry >= this.#view.getUint16(fields, true)) return null;
    const offset = this.#view.getUint16(fields + entry, true);
    return offset === 0 ? null : this.#at + offset;
  }

  byte(index: number): number {
    const at = this.#field(index);
    return at === null ? 0 : this.#view.getInt8(at);
  }

  int(index: number): number {
    const at = this.#field(index);
    return at === null ? 0 : this.#view.getInt32(at, true);
  }

  #target(index: number): number | null {
    const at = this.#field(index);
    return at === null ? null : at + this.#view.getUint32(at, true);
  }

  table(index: number): Table | null {
    const at = this.#target(index);
    return at === null ? null : new Table(this.#view, at);
  }

  /** Start and length of a vector. */
  #vector(index: number): [start: number, length: number] {
    const at = this.#target(index);
    return at === null ? [0, 0] : [at + 4, this.#view.getUint32(at, true)];
  }

  bytes(index: number): Uint8Array {
    const [start, length] = this.#vector(index);
    return new Uint8Array(this.#view.buffer, this.#view.byteOffset + start, length);
  }

  text(index: number): string {
    return new TextDecoder().decode(this.bytes(index));
  }

  ints(index: number): number[] {
    const [start, length] = this.#vector(index);
    return Array.from({ length }, (_, i) => this.#view.getInt32(start + 4 * i, true));
  }

  tables(index: number): Table[] {
    const [start, length] = this.#vector(index);
    return Array.from({ length }, (_, i) => {
      const at = start + 4 * i;
      return new Table(this.#view, at + this.#view.getUint32(at, true));
    });
  }
}

/** The value of a 16-bit float. */
function fromHalf(half: number): number {
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  const magnitude = exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return half & 0x8000 ? -magnitude : magnitude;
}

function constantValues(type: number, bytes: Uint8Array): Float32Array | null {
  if (bytes.length === 0) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (type === FLOAT32) return Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
  if (type === INT32) return Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getInt32(4 * i, true));
  if (type !== FLOAT16) throw new Error(`unsupported tensor type ${type}`);
  return Float32Array.from({ length: bytes.length / 2 }, (_, i) => fromHalf(view.getUint16(2 * i, true)));
}

/** The options of a convolution; the fields after the strides differ by `shift` between the two kinds. */
function convolutionOptions(options: Table, shift: number): OperatorOptions {
  return {
    activation: activationOf(options.byte(3 + shift)),
    padding: options.byte(0) === 1 ? "valid" : "same",
    strides: [options.int(1), options.int(2)],
    // An absent dilation is the schema's default.
    dilations: [4, 5].map((field) => Math.max(1, options.int(field + shift))),
  };
}

function activationOf(code: number): "none" | "relu" {
  const activation = ACTIVATIONS[code];
  if (activation === undefined) throw new Error(`unsupported activation ${code}`);
  return activation;
}

/** Throws for options that the kernel has no layer for. */
function optionsOf(kind: OperatorKind, options: Table | null): OperatorOptions {
  if (options === null) return NO_OPTIONS;
  if (kind === "convolution") return convolutionOptions(options, 0);
  if (kind === "depthwise") return convolutionOptions(options, 1);
  if (kind === "add") return { ...NO_OPTIONS, activation: activationOf(options.byte(0)) };
  if (kind === "pool" && [1, 2, 3, 4].some((field) => options.int(field) !== 2)) throw new Error("unsupported pooling");
  const hasHalfPixelCenters = options.byte(2) !== 1 && options.byte(3) === 1;
  if (kind === "resize" && !hasHalfPixelCenters) throw new Error("unsupported resizing");
  return NO_OPTIONS;
}

function kindOf(code: number | undefined): OperatorKind {
  const kind = KINDS.get(code ?? -1);
  if (kind === undefined) throw new Error(`unsupported operator ${String(code)}`);
  return kind;
}

/** Parses a model of one subgraph. Throws for operators that the kernel has no layer for. */
export function readTflite(file: Uint8Array): Graph {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const model = new Table(view, view.getUint32(0, true));
  const codes = model.tables(1).map((code) => Math.max(code.byte(0), code.int(3)));
  const buffers = model.tables(4);
  const [graph] = model.tables(2);
  if (graph === undefined) throw new Error("the model has no graph");
  const tensors = graph.tables(0).map((tensor) => ({
    name: tensor.text(3),
    shape: tensor.ints(0),
    values: constantValues(tensor.byte(1), buffers[tensor.int(2)]?.bytes(0) ?? new Uint8Array()),
  }));
  const operators = graph.tables(3).map((operator) => {
    const kind = kindOf(codes[operator.int(0)]);
    return { kind, inputs: operator.ints(1), outputs: operator.ints(2), options: optionsOf(kind, operator.table(4)) };
  });
  return { tensors, operators, inputs: graph.ints(1), outputs: graph.ints(2) };
}
