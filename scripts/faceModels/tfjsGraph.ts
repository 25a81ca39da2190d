/**
 * Reads the graph and the weights of a TensorFlow.js graph model: a GraphDef as JSON, and a file of 32-bit values.
 * https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/framework/graph.proto
 */
import { z } from "zod";
import {
  type Graph,
  NO_OPTIONS,
  type Operator,
  type OperatorKind,
  type OperatorOptions,
  type Tensor,
} from "./graph.ts";

const KINDS = new Map<string, OperatorKind>([
  ["Abs", "absolute"],
  ["Add", "add"],
  ["FusedDepthwiseConv2dNative", "depthwise"],
  ["Mul", "multiply"],
  ["Relu", "relu"],
  ["Squeeze", "reshape"],
  ["Sub", "subtract"],
  ["_FusedConv2D", "convolution"],
]);

const PADDINGS = new Map<string, OperatorOptions["padding"]>([
  ["SAME", "same"],
  ["VALID", "valid"],
]);

/** Attributes of convolutions; the strings are base64. */
const attributesSchema = z.object({
  strides: z.object({ list: z.object({ i: z.array(z.coerce.number()).length(4) }) }).optional(),
  dilations: z.object({ list: z.object({ i: z.array(z.coerce.number()).length(4) }) }).optional(),
  padding: z.object({ s: z.base64() }).optional(),
  fused_ops: z.object({ list: z.object({ s: z.array(z.base64()) }) }).optional(),
});
const nodeSchema = z.object({
  name: z.string(),
  op: z.string(),
  input: z.array(z.string()).default([]),
  attr: attributesSchema.default({}),
});
const modelSchema = z.object({
  modelTopology: z.object({ node: z.array(nodeSchema) }),
  weightsManifest: z.tuple([
    z.object({
      weights: z.array(
        z.object({ name: z.string(), shape: z.array(z.int()), dtype: z.enum(["float32", "int32"]) }).strict(),
      ),
    }),
  ]),
});
type Node = z.infer<typeof nodeSchema>;
type Weight = Pick<Tensor, "shape"> & { values: Float32Array };

const sizeOf = (shape: number[]) => shape.reduce((size, length) => size * length, 1);

/** The constants of a model by name. `.strict()` above refuses quantized ones. */
function readWeights({ weightsManifest: [{ weights }] }: z.infer<typeof modelSchema>, file: Uint8Array) {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  let at = 0;
  const entries = weights.map(({ name, shape, dtype }): [string, Weight] => {
    const values = new Float32Array(sizeOf(shape));
    for (let i = 0; i < values.length; i++, at += 4)
      values[i] = dtype === "int32" ? view.getInt32(at, true) : view.getFloat32(at, true);
    return [name, { shape, values }];
  });
  if (at !== file.length) throw new Error(`the weights end at ${at} of ${file.length} bytes`);
  return new Map(entries);
}

/** Weights of [height, width, inputs, outputs] as [outputs, height, width, inputs]. */
function outputsFirst({ shape, values }: Weight): Weight {
  const [height = 0, width = 0, inputs = 0, outputs = 0] = shape;
  const rows = height * width * inputs;
  const transposed = values.map((_, i) => values[(i % rows) * outputs + Math.floor(i / rows)] ?? 0);
  return { shape: [outputs, height, width, inputs], values: transposed };
}

/** Weights of [height, width, channels, 1] as [1, height, width, channels]: the values stay in place. */
function channelsLast({ shape, values }: Weight): Weight {
  const [height = 0, width = 0, channels = 0, multiplier = 0] = shape;
  if (multiplier !== 1) throw new Error("unsupported depthwise convolution");
  return { shape: [1, height, width, channels], values };
}

/** The nodes that `output` is computed from, and itself, in the order of the model. */
function ancestorsOf(output: string, nodes: Node[]): Node[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const names = new Set([output]);
  // A set iterates over what is added meanwhile.
  for (const name of names) for (const input of byName.get(name)?.input ?? []) names.add(input);
  if (!byName.has(output)) throw new Error(`the model has no node ${output}`);
  return nodes.filter(({ name }) => names.has(name));
}

function optionsOf({ op, attr }: Node): OperatorOptions {
  if (attr.strides === undefined || attr.padding === undefined) return { ...NO_OPTIONS };
  const fused = (attr.fused_ops?.list.s ?? []).map((text) => atob(text));
  const [bias, activation, ...others] = fused;
  const isKnown = bias === "BiasAdd" && (activation === undefined || activation === "Relu") && others.length === 0;
  const padding = PADDINGS.get(atob(attr.padding.s));
  if (!isKnown || padding === undefined) throw new Error(`unsupported attributes of ${op}`);
  return {
    activation: activation === undefined ? "none" : "relu",
    padding,
    strides: attr.strides.list.i.slice(1, 3),
    dilations: attr.dilations?.list.i.slice(1, 3) ?? [1, 1],
  };
}

/**
 * Whether a convolution's output x is part of relu(x) + slopes * (x - |x|), its source's form of a PReLU. The converter of
 * TensorFlow.js merges the ReLU into depthwise convolutions although x is used elsewhere: x - |x| would always be 0.
 */
const isPrelu = ({ name }: Node, nodes: Node[]) => nodes.some(({ op, input }) => op === "Abs" && input[0] === name);

/**
 * The constant of an operator as the kernel's layers expect it. fuse_prelu.py of the converter negates the factor of
 * whatever is added to a ReLU, before it finds that the pattern isn't the one that it replaces: here it is negated again.
 */
function convertedConstant(kind: OperatorKind, weight: Weight): Weight {
  if (kind === "multiply") return { shape: weight.shape, values: weight.values.map((slope) => -slope) };
  if (weight.shape.length !== 4) return weight;
  return kind === "depthwise" ? channelsLast(weight) : outputsFirst(weight);
}

/** Parses a model up to the node `output`. Throws for operators that the kernel has no layer for. */
export function readTfjsGraph(json: Uint8Array, weightsFile: Uint8Array, output: string): Graph {
  const model = modelSchema.parse(JSON.parse(new TextDecoder().decode(json)));
  const weights = readWeights(model, weightsFile);
  const nodes = ancestorsOf(output, model.modelTopology.node);
  const indexes = new Map(nodes.map(({ name }, index) => [name, index]));
  const indexOf = (name: string) => indexes.get(name) ?? -1;
  const tensors = nodes.map(({ name }): Tensor => ({ name, shape: [], values: null }));
  const operators: Operator[] = [];
  for (const node of nodes) {
    if (node.op === "Placeholder" || node.op === "Const") continue;
    const kind = KINDS.get(node.op);
    if (kind === undefined) throw new Error(`unsupported operator ${node.op}`);
    for (const name of node.input) {
      const weight = weights.get(name);
      if (weight !== undefined) tensors[indexOf(name)] = { name, ...convertedConstant(kind, weight) };
    }
    const options = optionsOf(node);
    if (kind === "depthwise" && isPrelu(node, nodes)) options.activation = "none";
    operators.push({ kind, inputs: node.input.map(indexOf), outputs: [indexOf(node.name)], options });
  }
  const inputs = nodes.filter(({ op }) => op === "Placeholder").map(({ name }) => indexOf(name));
  return { tensors, operators, inputs, outputs: [indexOf(output)] };
}
