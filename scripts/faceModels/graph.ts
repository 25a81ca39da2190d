/** A network as its file describes it: what the readers of both formats return. */

export interface Tensor {
  name: string;
  /** Empty for computed tensors of a format that leaves their shapes out. */
  shape: number[];
  /** Constant values; null for tensors that the network computes. */
  values: Float32Array | null;
}

export type OperatorKind =
  | "add"
  | "convolution"
  | "depthwise"
  | "dequantize"
  | "pool"
  | "multiply"
  | "relu"
  | "reshape"
  | "resize"
  | "pad"
  | "subtract"
  | "prelu"
  | "absolute";

export interface OperatorOptions {
  activation: "none" | "relu";
  padding: "same" | "valid";
  strides: number[];
  dilations: number[];
}

export interface Operator {
  kind: OperatorKind;
  /** Indexes of tensors; -1 for an absent one. */
  inputs: number[];
  outputs: number[];
  options: OperatorOptions;
}

/** Weights of convolutions have the shape [outputs, height, width, inputs], depthwise ones [1, height, width, channels]. */
export interface Graph {
  tensors: Tensor[];
  operators: Operator[];
  inputs: number[];
  outputs: number[];
}

export const NO_OPTIONS: OperatorOptions = { activation: "none", padding: "same", strides: [1, 1], dilations: [1, 1] };
