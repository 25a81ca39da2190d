/** Ways to break a file, as disks, networks and attackers do. Each is the same for the same seed on every machine. */
import { bytesOf } from "./buildImage.ts";

/** A whole number from 0 up to but not including `below`. */
export type Random = (below: number) => number;

/** A linear congruential generator; its low bits are poor, so the high ones are taken. Seeds are spread first: neighbours would begin alike. */
export function seeded(seed: number): Random {
  let state = Math.imul(seed ^ (seed >>> 15), 0x9e3779b1) >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

type Mutation = (bytes: Uint8Array, random: Random, other: Uint8Array) => Uint8Array;

const extremes = [0xffffffff, 0x7fffffff, 0x80000000, 0xfffffff0, 0x00ffffff, 0, 1, 8];
/** Names of boxes and chunks that are followed by a size, a count or an offset. */
const named = [
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
const bomb = `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><x>&c;</x>`;
const xmlPieces = [bomb, "<rdf:Description", "<a:b>", "&#x", "<!--", "<![CDATA[", " a='", "</"];

/** Headers and tables: at the front, and in videos and RAW files at the back. */
function place(bytes: Uint8Array, random: Random): number {
  const kind = random(6);
  if (kind === 0) return random(bytes.length);
  if (kind === 1) return Math.max(0, bytes.length - 1 - random(9000));
  return random(Math.min(bytes.length, kind === 2 ? 128 * 1024 : 4096));
}

function withNumber(bytes: Uint8Array, at: number, value: number, littleEndian: boolean): Uint8Array {
  if (at >= 0 && at + 4 <= bytes.length)
    new DataView(bytes.buffer, bytes.byteOffset).setUint32(at, value, littleEndian);
  return bytes;
}

function findFrom(bytes: Uint8Array, text: string, from: number): number {
  const wanted = bytesOf(text);
  const first = wanted[0] ?? 0;
  const end = Math.min(bytes.length, from + 256 * 1024);
  for (let at = bytes.indexOf(first, from); at >= 0 && at < end; at = bytes.indexOf(first, at + 1)) {
    if (wanted.every((byte, i) => bytes[at + i] === byte)) return at;
  }
  return -1;
}

const flipped: Mutation = (bytes, random) => {
  for (let left = 1 + random(20); left > 0; left--) {
    const at = place(bytes, random);
    bytes[at] = random(2) === 0 ? random(256) : (bytes[at] ?? 0) ^ (1 << random(8));
  }
  return bytes;
};

const zeroed: Mutation = (bytes, random) => {
  const at = place(bytes, random);
  return bytes.fill(random(4) === 0 ? 0xff : 0, at, at + (1 << random(13)));
};

const blownUp: Mutation = (bytes, random) => {
  for (let left = 1 + random(4); left > 0; left--) {
    withNumber(bytes, place(bytes, random), extremes[random(extremes.length)] ?? 0, random(2) === 0);
  }
  return bytes;
};

/** A size, a count or a version near a box or chunk of a known name. */
const blownUpNamed: Mutation = (bytes, random) => {
  const name = named[random(named.length)] ?? "";
  const at = findFrom(bytes, name, random(3) === 0 ? place(bytes, random) : 0);
  return at < 0
    ? blownUp(bytes, random, bytes)
    : withNumber(bytes, at - 4 + random(6) * 4, extremes[random(extremes.length)] ?? 0, random(2) === 0);
};

const cut: Mutation = (bytes, random) =>
  bytes.subarray(0, random(3) === 0 ? place(bytes, random) : random(bytes.length));

const spliced: Mutation = (bytes, random, other) => {
  const at = place(bytes, random);
  const from = place(other, random);
  const length = random(2) === 0 ? random(4096) : random(other.length - from + 1);
  return bytesOf(bytes.subarray(0, at), other.subarray(from, from + length), bytes.subarray(at + random(64)));
};

const repeated: Mutation = (bytes, random) => {
  const at = place(bytes, random);
  const piece = bytes.slice(at, at + 1 + random(200));
  return bytesOf(bytes.subarray(0, at), ...Array.from({ length: 1 + random(50) }, () => piece), bytes.subarray(at));
};

/** The marks of TIFF, RIFF and UTF-16 read the other way round. */
const swapped: Mutation = (bytes, random) => {
  const from = random(2) === 0 ? 0 : place(bytes, random);
  const swaps: [string, string][] = [
    ["II*\0", "MM*\0"],
    ["MM\0*", "II\0*"],
    ["II*\0", "MM\0*"],
    ["MM\0*", "II*\0"],
    ["RIFF", "RIFX"],
  ];
  for (const [mark, instead] of swaps.slice(random(swaps.length))) {
    const at = findFrom(bytes, mark, from);
    if (at >= 0) bytes.set(bytesOf(instead), at);
  }
  return bytes;
};

/** Offsets that lead back to where they stand, or to something before. */
const cyclic: Mutation = (bytes, random) => {
  const tiff = Math.max(0, findFrom(bytes, "II*\0", 0), findFrom(bytes, "MM\0*", 0));
  const littleEndian = bytes[tiff] === 0x49;
  for (let left = 1 + random(8); left > 0; left--) {
    const at = tiff + 4 + random(60) * 2;
    withNumber(bytes, at, [0, 8, at, at - tiff, at - tiff + 4, random(200)][random(6)] ?? 0, littleEndian);
  }
  return bytes;
};

const xml: Mutation = (bytes, random) => {
  const at = Math.max(findFrom(bytes, "<x:xmpmeta", 0), findFrom(bytes, "<?xml", 0), findFrom(bytes, "<rdf:", 0));
  const piece = xmlPieces[random(xmlPieces.length)] ?? "";
  const text = bytesOf(piece.repeat(1 + random(200)));
  if (at < 0) return spliced(bytes, random, text);
  const start = at + random(400);
  if (random(2) === 0) return bytesOf(bytes.subarray(0, start), text, bytes.subarray(start));
  bytes.set(text.subarray(0, Math.max(0, bytes.length - start)), Math.min(start, bytes.length));
  return bytes;
};

const mutations = [
  flipped,
  flipped,
  zeroed,
  blownUp,
  blownUp,
  blownUpNamed,
  blownUpNamed,
  cut,
  spliced,
  repeated,
  swapped,
  cyclic,
  cyclic,
  xml,
];

/** One to three of them, one over the other. `other` is a file to take pieces of. */
export function mutated(bytes: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  let copy: Uint8Array = bytes.slice();
  for (let left = 1 + random(3); left > 0 && copy.length > 0; left--) {
    copy = mutations[random(mutations.length)]?.(copy, random, other) ?? copy;
  }
  return copy;
}
