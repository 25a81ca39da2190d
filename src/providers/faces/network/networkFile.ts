/** The files of public/models/, which scripts/faceModels/ writes: a network's layers and its weights. */
import { z } from "zod";

const activationSchema = z.enum(["none", "relu", "prelu"]);
const countSchema = z.int().min(1).max(4096);
/** The index of the layer that computes a value; -1 for the network's input. */
const valueSchema = z.int().min(-1).max(1000);
const sharedSchema = {
  input: valueSchema,
  channels: countSchema,
  kernel: countSchema.max(7),
  stride: countSchema.max(3),
  /** `same` keeps the size divided by the stride; `valid` computes only whole patches. */
  padding: z.enum(["same", "valid"]),
  activation: activationSchema,
};

export const layerSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("convolution"), inputChannels: countSchema, ...sharedSchema }),
  z.object({ kind: z.literal("depthwise"), ...sharedSchema }),
  z.object({
    kind: z.literal("add"),
    first: valueSchema,
    second: valueSchema,
    channels: countSchema,
    /** Channels of `second`; the others are not changed. */
    fewer: countSchema,
    activation: activationSchema,
  }),
  /** The maximum of two by two. */
  z.object({ kind: z.literal("pool"), input: valueSchema, channels: countSchema }),
  /** Twice the size, interpolated. */
  z.object({ kind: z.literal("double"), input: valueSchema, channels: countSchema }),
]);

export type Layer = z.infer<typeof layerSchema>;

const headerSchema = z.object({
  layers: z.array(layerSchema).min(1).max(1000),
  outputs: z.array(valueSchema).min(1),
  /** 16-bit floats behind the header. */
  weights: z.int().min(1),
});

export interface NetworkFile {
  layers: Layer[];
  outputs: number[];
  /** 16-bit floats, in the order and the layout that the kernel reads. */
  halves: Uint8Array;
}

/** Parses a file: the length of a JSON header as uint32, the header, the weights. Throws for another one. */
export function parseNetworkFile(file: Uint8Array<ArrayBuffer>): NetworkFile {
  const headerBytes = new DataView(file.buffer, file.byteOffset, file.length).getUint32(0, true);
  const json: unknown = JSON.parse(new TextDecoder().decode(file.subarray(4, 4 + headerBytes)));
  const { layers, outputs, weights } = headerSchema.parse(json);
  const halves = file.subarray(4 + headerBytes);
  if (halves.length !== 2 * weights) throw new Error("the network's weights are incomplete");
  return { layers, outputs, halves };
}
