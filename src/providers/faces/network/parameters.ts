/** Where the weights of each layer are in the kernel's memory. */
import type { Layer, NetworkFile } from "./networkFile.ts";
import { paddedChannels } from "./networkPlan.ts";

export type Convolution = Extract<Layer, { kind: "convolution" | "depthwise" }>;

/** Addresses of a layer's parameters. */
export interface Parameters {
  weights: number;
  bias: number;
  /** Slopes of negative values. */
  slopes: number;
}

const FLOAT_BYTES = 4;
const HALF_BYTES = 2;
/** Output channels of a panel of weights in wasm/network/convolution.ts. */
const PANEL_CHANNELS = 8;

/** Bytes of a network's weights as 32-bit floats. */
export function weightBytes({ halves }: NetworkFile): number {
  return (halves.length / HALF_BYTES) * FLOAT_BYTES;
}

/** Values of one output pixel that a layer multiplies. */
export function productDepth(layer: Convolution): number {
  return layer.kernel ** 2 * (layer.kind === "depthwise" ? 1 : paddedChannels(layer.inputChannels));
}

function parameterFloats(layer: Layer): Parameters {
  if (layer.kind === "pool" || layer.kind === "double") return { weights: 0, bias: 0, slopes: 0 };
  const isPanelled = layer.kind === "convolution";
  const lanes = isPanelled
    ? PANEL_CHANNELS * Math.ceil(layer.channels / PANEL_CHANNELS)
    : paddedChannels(layer.channels);
  const slopes = layer.activation === "prelu" ? lanes : 0;
  if (layer.kind === "add") return { weights: 0, bias: 0, slopes };
  return { weights: productDepth(layer) * lanes, bias: lanes, slopes };
}

/** The parameters of all layers, which follow each other from `address` on. */
export function parameterAddresses(layers: Layer[], address: number): Parameters[] {
  let at = address;
  const next = (floats: number) => {
    const start = at;
    at += floats * FLOAT_BYTES;
    return start;
  };
  return layers.map(parameterFloats).map(({ weights, bias, slopes }) => ({
    weights: next(weights),
    bias: next(bias),
    slopes: next(slopes),
  }));
}
