/**
 * Signs and verifies media URLs. The signature is the only credential. An asset's URL is stable for a day so that
 * browsers and the edge can cache it.
 */
import { toBase64Url } from "../../kernel/base64Url.ts";
import { ExpiringMap } from "../../kernel/expiringMap.ts";
import { originalKey, renditionKey } from "../../objects/keys.ts";
import { headOriginal, openOriginal } from "../../objects/uploads/originals.ts";
import { parseCropVariant } from "./faceCrops/faceCropNames.ts";
import { parseSourceVariant, parseVariantName } from "./variants.ts";

/** Identifies one file of a version. `variant` is a variant name, `original`, the crop of a face, or a source variant. */
export interface MediaAddress {
  assetId: string;
  versionId: string;
  variant: string;
  /** When the asset was trashed, in Unix milliseconds; null or absent for a live asset. */
  trashedAt?: number | null;
}

export interface UrlSigner {
  /** Returns the path and query of a signed URL. `downloadName` sets the file name in Content-Disposition. */
  sign(address: MediaAddress, downloadName?: string | null): Promise<string>;
}

/** `expiresAt` in Unix seconds. */
export type UrlVerification =
  | {
      status: "ok";
      expiresAt: number;
      downloadName: string | null;
      trashedAt: number | null;
      /** Cache tag of the key that signed the URL. */
      keyTag: string;
    }
  | { status: "expired" | "bad" | "unknown_parameter" };

const QUERY_PARAMETERS = ["exp", "dl", "trashed", "sig"];

export const DAY_SECONDS = 24 * 60 * 60;
/** The longest life of a URL, and so of its response in a cache: one to two days. */
export const URL_LIFETIME_SECONDS = 2 * DAY_SECONDS;
const SIGNATURE_PATTERN = /^[A-Za-z0-9_-]{43}$/;
const EXPIRY_PATTERN = /^[1-9]\d{0,11}$/;
const TRASHED_PATTERN = /^\d{1,15}$/;

const utf8 = new TextEncoder();

/** Signatures that an isolate remembers, because a URL stays the same for a day: 2 MB. */
export const MAX_REMEMBERED_SIGNATURES = 5000;

interface SigningKey {
  key: CryptoKey;
  tag: string;
  /** The last signatures, by signed text. */
  signatures: ExpiringMap<string>;
}

/** Importing a key costs about as much as a signature, so the isolate keeps the current and the previous one. */
const cachedKeys = new Map<string, SigningKey>();
const MAX_CACHED_KEYS = 2;

async function signingKey(secret: string): Promise<SigningKey> {
  const cached = cachedKeys.get(secret);
  if (cached !== undefined) return cached;
  const key = await crypto.subtle.importKey("raw", utf8.encode(secret), { name: "HMAC", hash: "SHA-256" }, false, [
    "sign",
    "verify",
  ]);
  const fingerprint = await crypto.subtle.sign("HMAC", key, utf8.encode("cache-tag"));
  const signing = {
    key,
    tag: `key-${toBase64Url(fingerprint.slice(0, 12))}`,
    signatures: new ExpiringMap<string>(MAX_REMEMBERED_SIGNATURES),
  };
  if (cachedKeys.size >= MAX_CACHED_KEYS) cachedKeys.clear();
  cachedKeys.set(secret, signing);
  return signing;
}

/** The cache tag of the media whose URLs a key signed. It reveals nothing about the key. */
export async function signingKeyTag(secret: string): Promise<string> {
  return (await signingKey(secret)).tag;
}

/** The files of a version that one signature opens. */
type SignatureScope = "display" | "display_image" | "original" | "source" | "source_image" | `face_${string}`;

/**
 * All display variants of a version share a signature, because they show the same image without its metadata. The
 * original and each crop of a face have their own: a thumbnail's URL never opens the file, nor a portrait's the whole
 * image. Null for an unknown variant.
 */
function scopeOf(variant: string): SignatureScope | null {
  if (variant === "original") return "original";
  if (parseCropVariant(variant) !== null) return `face_${variant}`;
  const source = parseSourceVariant(variant);
  if (source !== null) return source === "video" ? "source_image" : "source";
  const parsed = parseVariantName(variant);
  if (parsed === null) return null;
  return parsed.mediaType === "video" ? "display_image" : "display";
}

/**
 * JSON delimits the fields unambiguously; the first element is the format version. Trashed assets add a last element.
 */
function signedText(
  { assetId, versionId, trashedAt = null }: MediaAddress,
  scope: SignatureScope,
  expiresAt: number,
  downloadName: string | null,
): string {
  const state = trashedAt === null ? [] : [trashedAt];
  return JSON.stringify(["media-url-2", assetId, versionId, scope, expiresAt, downloadName, ...state]);
}

/** FNV-1a hash, which spreads the expiry of assets over the day. */
function offsetSeconds(assetId: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < assetId.length; i++) hash = Math.imul(hash ^ assetId.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % DAY_SECONDS;
}

/**
 * Expiry in Unix seconds, one to two days ahead. It changes once a day at an asset-specific time, which spreads the
 * cache expiry of a library's images over the day.
 */
export function urlExpiry(assetId: string, nowMs: number): number {
  const offset = offsetSeconds(assetId);
  const day = Math.floor((nowMs / 1000 + offset) / DAY_SECONDS);
  return (day + 2) * DAY_SECONDS - offset;
}

/** Replaces lone surrogates as UTF-8 encoding does, so that the signed name equals the decoded query parameter. */
function wellFormed(name: string): string {
  return name.replaceAll(/\p{Surrogate}/gu, "\ufffd");
}

async function signText({ key, signatures }: SigningKey, text: string): Promise<string> {
  const signature = toBase64Url(await crypto.subtle.sign("HMAC", key, utf8.encode(text)));
  signatures.set(text, signature, Infinity);
  return signature;
}

/** Creates a signer for URLs issued at `nowMs`. It computes each signature once: variants of a version share theirs. */
export async function createUrlSigner(secret: string, nowMs: number): Promise<UrlSigner> {
  const signing = await signingKey(secret);
  const pending = new Map<string, Promise<string>>();
  const signatureOf = (text: string): string | Promise<string> => {
    const known = signing.signatures.get(text, nowMs) ?? pending.get(text);
    if (known !== undefined) return known;
    const signature = signText(signing, text);
    pending.set(text, signature);
    return signature;
  };
  return {
    sign: async (address, downloadName = null) => {
      const { assetId, versionId, variant, trashedAt = null } = address;
      const scope = scopeOf(variant);
      if (scope === null) throw new Error(`unknown media variant: ${variant}`);
      const expiresAt = urlExpiry(assetId, nowMs);
      const name = downloadName === null ? null : wellFormed(downloadName);
      const signature = await signatureOf(signedText(address, scope, expiresAt, name));
      const download = name === null ? "" : `&dl=${encodeURIComponent(name)}`;
      const state = trashedAt === null ? "" : `&trashed=${trashedAt}`;
      return `/media/${assetId}/${versionId}/${variant}?exp=${expiresAt}${download}${state}&sig=${signature}`;
    },
  };
}

/** Query parameters by name: false for a repeated one. */
type QueryValues = Map<string, string | false>;

/** Reads the query once: each call of URLSearchParams leaves the isolate's JavaScript. */
function readQuery(query: URLSearchParams): QueryValues {
  const values: QueryValues = new Map();
  for (const [name, value] of query) values.set(name, values.has(name) ? false : value);
  return values;
}

/** Returns null if absent, false if malformed. */
function parseTrashedAt(values: QueryValues): number | null | false {
  const value = values.get("trashed") ?? null;
  if (value === null || value === false) return value;
  return TRASHED_PATTERN.test(value) ? Number(value) : false;
}

/** Finds the key that made a signature. `subtle.verify` compares in constant time. */
async function findSigningKey(
  secrets: readonly string[],
  signature: Uint8Array<ArrayBuffer>,
  text: Uint8Array,
): Promise<SigningKey | null> {
  for (const secret of secrets) {
    const signing = await signingKey(secret);
    if (await crypto.subtle.verify("HMAC", signing.key, signature, text)) return signing;
  }
  return null;
}

function decodeSignature(text: string): Uint8Array<ArrayBuffer> | null {
  if (!SIGNATURE_PATTERN.test(text)) return null;
  const bytes = Uint8Array.fromBase64(text, { alphabet: "base64url" });
  // The 43rd character has two unused bits; only the canonical encoding is valid.
  return toBase64Url(bytes.buffer) === text ? bytes : null;
}

/**
 * Verifies a signed URL with the current signing key or the previous one. Reports `expired` and `unknown_parameter`
 * only for a valid signature. Each unsigned parameter would be another URL of the same image: another cache entry, and
 * at the edge another billed transformation.
 */
export async function verifyMediaUrl(
  secrets: readonly string[],
  nowMs: number,
  address: MediaAddress,
  query: URLSearchParams,
): Promise<UrlVerification> {
  const values = readQuery(query);
  const [exp, sig, downloadName] = [values.get("exp"), values.get("sig"), values.get("dl") ?? null];
  const trashedAt = parseTrashedAt(values);
  if (!exp || !sig || downloadName === false || trashedAt === false) return { status: "bad" };
  const [signature, scope] = [decodeSignature(sig), scopeOf(address.variant)];
  if (signature === null || scope === null || !EXPIRY_PATTERN.test(exp)) return { status: "bad" };
  const expiresAt = Number(exp);
  const text = utf8.encode(signedText({ ...address, trashedAt }, scope, expiresAt, downloadName));
  const signing = await findSigningKey(secrets, signature, text);
  if (signing === null) return { status: "bad" };
  if ([...values.keys()].some((name) => !QUERY_PARAMETERS.includes(name))) return { status: "unknown_parameter" };
  if (expiresAt * 1000 <= nowMs) return { status: "expired" };
  return { status: "ok", expiresAt, downloadName, trashedAt, keyTag: signing.tag };
}

/** Lazy access to a stored file; both methods return null for a missing object. */
export interface MediaFile {
  head(): Promise<R2Object | null>;
  open(range?: R2Range): Promise<R2ObjectBody | null>;
}

/** Resolves an address to its stored file, or null for an unknown variant. */
export function mediaFile(bucket: R2Bucket, address: MediaAddress): MediaFile | null {
  const key = objectKey(address);
  if (key === null) return null;
  return { head: () => headOriginal(bucket, key), open: (range) => openOriginal(bucket, key, range) };
}

function objectKey({ assetId, versionId, variant }: MediaAddress): string | null {
  if (variant === "original") return originalKey(assetId, versionId);
  if (parseCropVariant(variant) !== null) return renditionKey(assetId, versionId, variant);
  const parsed = parseVariantName(variant);
  return parsed === null ? null : renditionKey(assetId, versionId, parsed.variant);
}
