/** Public ids: a prefix and a UUIDv7 in the 57-character shortuuid alphabet. */

const ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const TAIL_LENGTH = 22;
const TAIL = new RegExp(`^[${ALPHABET}]{${TAIL_LENGTH}}$`);
/** The largest UUID, encoded; a greater tail exceeds 128 bits. */
const MAX_TAIL = "oZEq7ovRbLq6UnGMPwc8B5";

export const ID_PREFIXES = {
  asset: "asset_",
  assetVersion: "asset_version_",
  stack: "asset_stack_",
  album: "album_",
  albumAsset: "album_asset_",
  library: "lib_",
  person: "person_",
  face: "face_",
  user: "intuser_",
  apiKey: "apikey_",
  task: "btask_",
  session: "session_",
  member: "member_",
  invitation: "invite_",
  passkey: "passkey_",
  feedback: "feedback_",
} as const;

export type IdKind = keyof typeof ID_PREFIXES;

/**
 * Regular expression of ids that `newId` makes, for the OpenAPI document. `isId` also accepts tails from `o` up to
 * MAX_TAIL: UUIDv7s after the year 10,000.
 */
export function idPattern(kind: IdKind): string {
  return `^${ID_PREFIXES[kind]}[2-9A-HJ-NP-Za-kmn][2-9A-HJ-NP-Za-km-z]{${TAIL_LENGTH - 1}}$`;
}

/** Encodes the 16 big-endian bytes of a UUID as 22 characters of the shortuuid alphabet. */
export function encodeShortUuid(bytes: Uint8Array): string {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return encodeTail(value);
}

function encodeTail(uuid: bigint): string {
  let value = uuid;
  let tail = "";
  for (let i = 0; i < TAIL_LENGTH; i++) {
    tail = ALPHABET.charAt(Number(value % 57n)) + tail;
    value /= 57n;
  }
  return tail;
}

/** UUIDv7 (RFC 9562 §5.7): 48 bits of milliseconds before the random bits, so ids sort by creation time. */
function uuidV7(atMs: number, random: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(16);
  bytes.set(random.subarray(0, 10), 6);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Math.floor(atMs / 0x1_0000));
  view.setUint16(4, atMs % 0x1_0000);
  view.setUint8(6, (view.getUint8(6) & 0x0f) | 0x70);
  view.setUint8(8, (view.getUint8(8) & 0x3f) | 0x80);
  return bytes;
}

export function newId(kind: IdKind, atMs: number = Date.now()): string {
  return idFromBytes(kind, atMs, crypto.getRandomValues(new Uint8Array(10)));
}

/**
 * Builds an id with ten given bytes, such as of a digest, in place of random ones: the same input gives the same id.
 */
export function idFromBytes(kind: IdKind, atMs: number, bytes: Uint8Array): string {
  return ID_PREFIXES[kind] + encodeShortUuid(uuidV7(atMs, bytes));
}

/** Returns the smallest id of the millisecond `atMs`: the lower bound of a scan by id. */
export function minIdAt(kind: IdKind, atMs: number): string {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Math.floor(atMs / 0x1_0000));
  view.setUint16(4, atMs % 0x1_0000);
  return ID_PREFIXES[kind] + encodeShortUuid(bytes);
}

/** The UUID of an id as a number of 128 bits. The id must be valid. */
export function uuidOfId(kind: IdKind, id: string): bigint {
  let value = 0n;
  for (const letter of id.slice(ID_PREFIXES[kind].length)) value = value * 57n + BigInt(ALPHABET.indexOf(letter));
  return value;
}

export function idOfUuid(kind: IdKind, uuid: bigint): string {
  return ID_PREFIXES[kind] + encodeTail(uuid);
}

/** Checks the prefix and a tail of 22 characters within 128 bits, which excludes `asset_stack_…` from asset ids. */
export function isId(kind: IdKind, text: string): boolean {
  const prefix = ID_PREFIXES[kind];
  if (!text.startsWith(prefix)) return false;
  const tail = text.slice(prefix.length);
  return TAIL.test(tail) && tail <= MAX_TAIL;
}
