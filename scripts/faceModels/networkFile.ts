/** Writes a compiled model in the format of src/providers/faces/network/networkFile.ts. */
import type { CompiledModel } from "./layers.ts";

const ALIGNMENT = 4;

/** The nearest 16-bit float; ties go to the even one. Throws beyond its range. */
export function toHalf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  if (!(magnitude < 65_520)) throw new Error(`${value} exceeds the range of 16-bit floats`);
  if (magnitude === 0) return sign;
  const exponent = Math.max(-14, Math.floor(Math.log2(magnitude)));
  const steps = magnitude * 2 ** (10 - exponent);
  const below = Math.floor(steps);
  const rest = steps - below;
  const rounded = rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
  // A carry of the fraction increments the exponent: both are adjacent.
  return sign | (rounded + (exponent + 14) * 1024);
}

/** The bytes of a network file. */
export function writeNetworkFile({ layers, outputs, weights }: CompiledModel): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify({ layers, outputs, weights: weights.length }));
  const headerBytes = ALIGNMENT * Math.ceil(json.length / ALIGNMENT);
  const file = new Uint8Array(4 + headerBytes + 2 * weights.length).fill(0x20, 4, 4 + headerBytes);
  const view = new DataView(file.buffer);
  view.setUint32(0, headerBytes, true);
  file.set(json, 4);
  weights.forEach((weight, i) => view.setUint16(4 + headerBytes + 2 * i, toHalf(weight), true));
  return file;
}
