const PRIMES = [0x01000193, 0x85ebca6b] as const;
const SEEDS = [0x811c9dc5, 0x9747b28c] as const;
/** Bits of the second hash: together with the first one, a whole number below 2^53. */
const HIGH_BITS = 21;

function hash32(text: string, seed: number, prime: number): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), prime) ^ (hash >>> 15);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** A hash of 53 bits that tells whether a text has changed. It is not for keys: texts with the same hash can be made. */
export function hashText(text: string): number {
  const high = hash32(text, SEEDS[1], PRIMES[1]) >>> (32 - HIGH_BITS);
  return high * 2 ** 32 + hash32(text, SEEDS[0], PRIMES[0]);
}
