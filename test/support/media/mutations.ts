/** Corrupts files as disks, networks and attackers do. The same seed gives the same result on every machine. */
import { bytesOf } from "./buildImage.ts";

/** Returns an integer from 0 to `below` - 1. */
export type Random = (below: number) => number;

/** A linear congruential generator that returns its high bits, which are more random than the low ones. The seed is hashed because consecutive seeds would start alike. */
export function seededRandom(seed: number): Random {
  let state = Math.imul(seed ^ (seed >>> 15), 0x9e3779b1) >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

type Mutation = (bytes: Uint8Array, random: Random, other: Uint8Array) => Uint8Array;

const extremes = [0xffffffff, 0x7fffffff, 0x80000000, 0xfffffff0, 0x00ffffff, 0, 1, 8];
/** Types of boxes and chunks with sizes, counts or offsets. */
const chunkNames = [
  "moov",
  "stts",
  "stsz",
  "stsd",
  "keys",
  "ilst",
  "iloc",
  "iinf",
  "ipma",
  "meta",
  "Exif",
  "tfra",
  "mvhd",
  "RIFF",
  "LIST",
  "JFIF",
  "IHDR",
  "IDAT",
  "avih",
  "strh",
  "trun",
  "sidx",
];
const ENTITY_BOMB = `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><x>&c;</x>`;
const xmlPieces = [ENTITY_BOMB, "<rdf:Description", "<a:b>", "&#x", "<!--", "<![CDATA[", " a='", "</"];

/** Prefers headers and tables: at the start, and in videos and RAW files at the end. */
function randomOffset(bytes: Uint8Array, random: Random): number {
  const region = random(6);
  if (region === 0) return random(bytes.length);
  if (region === 1) return Math.max(0, bytes.length - 1 - random(9000));
  return random(Math.min(bytes.length, region === 2 ? 128 * 1024 : 4096));
}

function writeUint32(bytes: Uint8Array, at: number, value: number, littleEndian: boolean): Uint8Array {
  if (at >= 0 && at + 4 <= bytes.length)
    new DataView(bytes.buffer, bytes.byteOffset).setUint32(at, value, littleEndian);
  return bytes;
}

function findFrom(bytes: Uint8Array, text: string, from: number): number {
  const pattern = bytesOf(text);
  const first = pattern[0] ?? 0;
  const end = Math.min(bytes.length, from + 256 * 1024);
  for (let at = bytes.indexOf(first, from); at >= 0 && at < end; at = bytes.indexOf(first, at + 1)) {
    if (pattern.every((byte, i) => bytes[at + i] === byte)) return at;
  }
  return -1;
}

const flipBytes: Mutation = (bytes, random) => {
  for (let left = 1 + random(20); left > 0; left--) {
    const at = randomOffset(bytes, random);
    bytes[at] = random(2) === 0 ? random(256) : (bytes[at] ?? 0) ^ (1 << random(8));
  }
  return bytes;
};

const fillRange: Mutation = (bytes, random) => {
  const at = randomOffset(bytes, random);
  return bytes.fill(random(4) === 0 ? 0xff : 0, at, at + (1 << random(13)));
};

const setExtremes: Mutation = (bytes, random) => {
  for (let left = 1 + random(4); left > 0; left--) {
    writeUint32(bytes, randomOffset(bytes, random), extremes[random(extremes.length)] ?? 0, random(2) === 0);
  }
  return bytes;
};

/** Overwrites a number near a known box or chunk type: a size, count or version. */
const setExtremeNearName: Mutation = (bytes, random) => {
  const name = chunkNames[random(chunkNames.length)] ?? "";
  const at = findFrom(bytes, name, random(3) === 0 ? randomOffset(bytes, random) : 0);
  return at < 0
    ? setExtremes(bytes, random, bytes)
    : writeUint32(bytes, at - 4 + random(6) * 4, extremes[random(extremes.length)] ?? 0, random(2) === 0);
};

const truncate: Mutation = (bytes, random) =>
  bytes.subarray(0, random(3) === 0 ? randomOffset(bytes, random) : random(bytes.length));

const splice: Mutation = (bytes, random, other) => {
  const at = randomOffset(bytes, random);
  const from = randomOffset(other, random);
  const length = random(2) === 0 ? random(4096) : random(other.length - from + 1);
  return bytesOf(bytes.subarray(0, at), other.subarray(from, from + length), bytes.subarray(at + random(64)));
};

const repeatRange: Mutation = (bytes, random) => {
  const at = randomOffset(bytes, random);
  const part = bytes.slice(at, at + 1 + random(200));
  return bytesOf(bytes.subarray(0, at), ...Array.from({ length: 1 + random(50) }, () => part), bytes.subarray(at));
};

/** Replaces signatures by those of the other byte order or version. */
const swapSignatures: Mutation = (bytes, random) => {
  const from = random(2) === 0 ? 0 : randomOffset(bytes, random);
  const swaps: [string, string][] = [
    ["II*\0", "MM*\0"],
    ["MM\0*", "II\0*"],
    ["II*\0", "MM\0*"],
    ["MM\0*", "II*\0"],
    ["RIFF", "RIFX"],
  ];
  for (const [signature, replacement] of swaps.slice(random(swaps.length))) {
    const at = findFrom(bytes, signature, from);
    if (at >= 0) bytes.set(bytesOf(replacement), at);
  }
  return bytes;
};

/** Writes TIFF offsets that point at themselves or backwards. */
const makeCyclic: Mutation = (bytes, random) => {
  const tiff = Math.max(0, findFrom(bytes, "II*\0", 0), findFrom(bytes, "MM\0*", 0));
  const littleEndian = bytes[tiff] === 0x49;
  for (let left = 1 + random(8); left > 0; left--) {
    const at = tiff + 4 + random(60) * 2;
    writeUint32(bytes, at, [0, 8, at, at - tiff, at - tiff + 4, random(200)][random(6)] ?? 0, littleEndian);
  }
  return bytes;
};

const injectXml: Mutation = (bytes, random) => {
  const at = Math.max(findFrom(bytes, "<x:xmpmeta", 0), findFrom(bytes, "<?xml", 0), findFrom(bytes, "<rdf:", 0));
  const piece = xmlPieces[random(xmlPieces.length)] ?? "";
  const text = bytesOf(piece.repeat(1 + random(200)));
  if (at < 0) return splice(bytes, random, text);
  const start = at + random(400);
  if (random(2) === 0) return bytesOf(bytes.subarray(0, start), text, bytes.subarray(start));
  bytes.set(text.subarray(0, Math.max(0, bytes.length - start)), Math.min(start, bytes.length));
  return bytes;
};

const mutations = [
  flipBytes,
  flipBytes,
  fillRange,
  setExtremes,
  setExtremes,
  setExtremeNearName,
  setExtremeNearName,
  truncate,
  splice,
  repeatRange,
  swapSignatures,
  makeCyclic,
  makeCyclic,
  injectXml,
];

/** Applies one to three mutations. `other` is a file to splice from. */
export function mutate(bytes: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  let copy: Uint8Array = bytes.slice();
  for (let left = 1 + random(3); left > 0 && copy.length > 0; left--) {
    copy = mutations[random(mutations.length)]?.(copy, random, other) ?? copy;
  }
  return copy;
}

/** Time passes in a Worker only while it waits. */
export async function nowMs(): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 0));
  return Date.now();
}

/** Changes bytes of the coded data, which the other mutations rarely reach. */
export function scatter(bytes: Uint8Array, random: Random): Uint8Array {
  const changed = bytes.slice();
  for (let left = 1 + random(6); left > 0 && changed.length > 0; left--) {
    const at = random(changed.length);
    changed[at] = random(2) === 0 ? random(256) : (changed[at] ?? 0) ^ (1 << random(8));
  }
  return changed;
}
