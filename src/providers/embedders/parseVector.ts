import { z } from "zod";
import { MAX_EMBEDDING_DIMENSIONS, MIN_EMBEDDING_DIMENSIONS } from "../../kernel/settings/embedderSettings.ts";

const vectorSchema = z.array(z.number()).min(MIN_EMBEDDING_DIMENSIONS).max(MAX_EMBEDDING_DIMENSIONS);

/**
 * Parses a vector, keeps its first `dimensions` components and scales it to unit length.
 *
 * @throws {Error} if it is no list of finite numbers, shorter than `dimensions`, or zero.
 */
export function parseVector(value: unknown, dimensions: number | null): Float32Array {
  const parsed = vectorSchema.safeParse(value);
  if (!parsed.success) {
    const range = `${MIN_EMBEDDING_DIMENSIONS} to ${MAX_EMBEDDING_DIMENSIONS}`;
    throw new Error(`the embedder's answer is no vector of ${range} finite numbers`);
  }
  const { length } = parsed.data;
  if (dimensions !== null && length < dimensions) {
    throw new Error(`the embedder's vector has ${length} dimensions, fewer than ${dimensions}`);
  }
  const vector = Float32Array.from(parsed.data.slice(0, dimensions ?? length));
  const norm = Math.sqrt(vector.reduce((sum, component) => sum + component * component, 0));
  if (!(norm > 0) || !Number.isFinite(norm)) throw new Error("the embedder's vector has no length");
  return vector.map((component) => component / norm);
}
