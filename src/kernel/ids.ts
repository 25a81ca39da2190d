/** Public ids: a prefix and a UUID in the 57-letter shortuuid alphabet. Knows no table and no route. */

const ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const TAIL_LENGTH = 22;
const TAIL = new RegExp(`^[${ALPHABET}]{${TAIL_LENGTH}}$`);
/** The largest UUID, encoded; a greater tail of 22 letters is no 128-bit number. */
const LAST_TAIL = "oZEq7ovRbLq6UnGMPwc8B5";

export const idPrefixes = {
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
} as const;

export type IdKind = keyof typeof idPrefixes;

/** A UUID's 16 bytes, big-endian, as 22 letters of the shortuuid alphabet. */
export function encodeUuid(bytes: Uint8Array): string {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  let tail = "";
  for (let i = 0; i < TAIL_LENGTH; i++) {
    tail = ALPHABET.charAt(Number(value % 57n)) + tail;
    value /= 57n;
  }
  return tail;
}

/** UUIDv7 (RFC 9562 §5.7): 48 bits of milliseconds, then random, so ids sort by creation. */
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
  return idOf(kind, atMs, crypto.getRandomValues(new Uint8Array(10)));
}

/** With ten bytes of a digest for the random ones, an id that can be told from what it was made for, and when. */
export function idOf(kind: IdKind, atMs: number, bytes: Uint8Array): string {
  return idPrefixes[kind] + encodeUuid(uuidV7(atMs, bytes));
}

/** The smallest id that could have been minted at `atMs`: where a scan in id order starts. */
export function firstIdAt(kind: IdKind, atMs: number): string {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Math.floor(atMs / 0x1_0000));
  view.setUint16(4, atMs % 0x1_0000);
  return idPrefixes[kind] + encodeUuid(bytes);
}

/** True for the whole prefix and 22 letters that decode to 128 bits. `asset_stack_…` is no asset. */
export function isId(kind: IdKind, text: string): boolean {
  const prefix = idPrefixes[kind];
  if (!text.startsWith(prefix)) return false;
  const tail = text.slice(prefix.length);
  return TAIL.test(tail) && tail <= LAST_TAIL;
}
