/**
 * Generator of face embeddings with known identities. Each identity has a direction; each of its faces is that direction
 * with noise, so that distances between faces of one person and of different people overlap as in real models:
 *
 * - sizes of identities follow a Zipf distribution from `largest` down to 1; some people appear once;
 * - every tenth identity is a sibling of the one before: the cosine of their directions is 0.4;
 * - a person's faces have two looks (beard, age): 0.35 of noise that a part of them shares;
 * - the noise of a face has a log-normal length with a median of 0.55 (half of a person's pairs are more than 0.25 apart,
 *   as real photographs with the default recognizer: docs/decisions/0046), cut at 1.1;
 * - one face in a hundred is blurred: noise of length 3, hardly similar to its identity.
 */
export interface SyntheticFaces {
  identities: number;
  dimensions: number;
  largest: number;
  seed: number;
}

export interface LabelledFace {
  id: string;
  identity: number;
  vector: Float32Array;
}

/** Mulberry32: the same numbers in every runtime. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Random = () => number;

function gaussian(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

function direction(random: Random, dimensions: number): Float32Array {
  return unit(Float32Array.from({ length: dimensions }, () => gaussian(random)));
}

/** `base` plus `other` of the given length, as a unit vector. */
function mixed(base: Float32Array, other: Float32Array, length: number): Float32Array {
  return unit(base.map((value, i) => value + (other[i] ?? 0) * length));
}

const SIBLING_COSINE = 0.4;
const LOOK = 0.35;
const MEDIAN_NOISE = 0.55;
const NOISE_SPREAD = 0.3;
const MAX_NOISE = 1.1;
const BLURRED = { share: 0.01, noise: 3 };

function noiseOf(random: Random): number {
  if (random() < BLURRED.share) return BLURRED.noise;
  return Math.min(MAX_NOISE, MEDIAN_NOISE * Math.exp(NOISE_SPREAD * gaussian(random)));
}

/** Faces in the order of their identities. */
export function syntheticFaces({ identities, dimensions, largest, seed }: SyntheticFaces): LabelledFace[] {
  const random = randomNumbers(seed);
  const faces: LabelledFace[] = [];
  let previous = direction(random, dimensions);
  for (let identity = 0; identity < identities; identity += 1) {
    const own = direction(random, dimensions);
    const isSibling = identity % 10 === 9;
    const centre = isSibling ? mixed(own, previous, SIBLING_COSINE / Math.sqrt(1 - SIBLING_COSINE ** 2)) : own;
    const looks = [centre, mixed(centre, direction(random, dimensions), LOOK)];
    const count = Math.max(1, Math.round(largest / (1 + (identity * 20) / identities) ** 1.2));
    for (let i = 0; i < count; i += 1) {
      const look = looks[random() < 0.6 ? 0 : 1] ?? centre;
      const vector = mixed(look, direction(random, dimensions), noiseOf(random));
      faces.push({ id: `face_${String(faces.length).padStart(7, "0")}`, identity, vector });
    }
    previous = centre;
  }
  return faces;
}

export function shuffled<T>(items: readonly T[], seed: number): T[] {
  const random = randomNumbers(seed);
  const result = [...items];
  for (let i = result.length - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1));
    const [a, b] = [result[i], result[j]];
    if (a !== undefined && b !== undefined) [result[i], result[j]] = [b, a];
  }
  return result;
}
