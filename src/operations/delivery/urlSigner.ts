/**
 * Media URLs: a path and query whose signature is the credential, and what a verified one opens.
 * Stable by design: the same asset gets the same URL for a day, so that browsers and the edge can cache it.
 */
import { originalKey, proxyKey, renditionKey, stillKey } from "../../objects/keys.ts";
import { headOriginal, openOriginal } from "../../objects/uploads/originals.ts";
import { rungOf } from "./variants.ts";

export interface MediaAddress {
  assetId: string;
  versionId: string;
  variant: string;
}

export interface MediaSigner {
  /** Path and query, to be put behind the origin. `downloadName` makes the browser save the file under that name. */
  sign(address: MediaAddress, downloadName?: string | null): Promise<string>;
}

/** `expiresAt` in Unix seconds. */
export type MediaVerdict =
  | { verdict: "ok"; expiresAt: number; downloadName: string | null }
  | { verdict: "expired" | "bad" };

const DAY_SECONDS = 24 * 60 * 60;
const SIGNATURE = /^[A-Za-z0-9_-]{43}$/;
const EXPIRY = /^[1-9]\d{0,11}$/;

const utf8 = new TextEncoder();

/** One key per isolate is enough; importing costs about as much as signing. */
let imported: { secret: string; key: CryptoKey } | null = null;

async function signingKey(secret: string): Promise<CryptoKey> {
  if (imported?.secret === secret) return imported.key;
  const key = await crypto.subtle.importKey("raw", utf8.encode(secret), { name: "HMAC", hash: "SHA-256" }, false, [
    "sign",
    "verify",
  ]);
  imported = { secret, key };
  return key;
}

/** JSON keeps the fields apart whatever they hold; the first one names this format, should there be another. */
function signedText(address: MediaAddress, expiresAt: number, downloadName: string | null): Uint8Array {
  const { assetId, versionId, variant } = address;
  return utf8.encode(JSON.stringify(["media-url-1", assetId, versionId, variant, expiresAt, downloadName]));
}

function base64Url(bytes: ArrayBuffer): string {
  const base64 = btoa(String.fromCharCode(...new Uint8Array(bytes)));
  return base64.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** FNV-1a, only to spread the assets over the day. */
function offsetSeconds(assetId: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < assetId.length; i++) hash = Math.imul(hash ^ assetId.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % DAY_SECONDS;
}

/**
 * More than one day from now and at most two. It moves once a day, at an hour of the asset's own: not every picture
 * of a library leaves the caches at the same instant.
 */
export function mediaExpiry(assetId: string, nowMs: number): number {
  const offset = offsetSeconds(assetId);
  const day = Math.floor((nowMs / 1000 + offset) / DAY_SECONDS);
  return (day + 2) * DAY_SECONDS - offset;
}

/** The name as it will come back from the query, where half a surrogate pair does not survive UTF-8. */
function wellFormed(name: string): string {
  return name.replaceAll(/\p{Surrogate}/gu, "\ufffd");
}

export async function mediaSigner(secret: string, nowMs: number): Promise<MediaSigner> {
  const key = await signingKey(secret);
  return {
    sign: async (address, downloadName = null) => {
      const { assetId, versionId, variant } = address;
      const expiresAt = mediaExpiry(assetId, nowMs);
      const name = downloadName === null ? null : wellFormed(downloadName);
      const signature = base64Url(await crypto.subtle.sign("HMAC", key, signedText(address, expiresAt, name)));
      const download = name === null ? "" : `&dl=${encodeURIComponent(name)}`;
      return `/media/${assetId}/${versionId}/${variant}?exp=${expiresAt}${download}&sig=${signature}`;
    },
  };
}

/** The one value of a parameter that may be given once; null when it is not there, false when it is there twice. */
function single(query: URLSearchParams, name: string): string | null | false {
  const [value, ...more] = query.getAll(name);
  if (more.length > 0) return false;
  return value ?? null;
}

function signatureBytes(text: string): Uint8Array<ArrayBuffer> | null {
  if (!SIGNATURE.test(text)) return null;
  const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
  // The 43rd letter has two bits to spare: only one of its four spellings is ours.
  return base64Url(bytes.buffer) === text ? bytes : null;
}

/** Other parameters are ignored; nothing reads them. Whether a URL has expired is told only to who holds a real one. */
export async function verifyMediaUrl(
  secret: string,
  nowMs: number,
  address: MediaAddress,
  query: URLSearchParams,
): Promise<MediaVerdict> {
  const [exp, downloadName, sig] = [single(query, "exp"), single(query, "dl"), single(query, "sig")];
  if (!exp || !sig || downloadName === false || !EXPIRY.test(exp)) return { verdict: "bad" };
  const signature = signatureBytes(sig);
  if (signature === null) return { verdict: "bad" };
  const expiresAt = Number(exp);
  const text = signedText(address, expiresAt, downloadName);
  // subtle.verify compares in constant time.
  const genuine = await crypto.subtle.verify("HMAC", await signingKey(secret), signature, text);
  if (!genuine) return { verdict: "bad" };
  return expiresAt * 1000 <= nowMs ? { verdict: "expired" } : { verdict: "ok", expiresAt, downloadName };
}

/** The stored file behind an address. Null from either where there is none. */
export interface MediaFile {
  head(): Promise<R2Object | null>;
  open(range?: R2Range): Promise<R2ObjectBody | null>;
}

/** Null for a variant that does not exist. A rung is kept in several formats; the others are what they are. */
export function mediaFile(bucket: R2Bucket, address: MediaAddress, format: string): MediaFile | null {
  const key = keyOf(address, format);
  if (key === null) return null;
  return { head: () => headOriginal(bucket, key), open: (range) => openOriginal(bucket, key, range) };
}

/** `proxy` and `still` are sources for the edge to resize; no answer of the API names them. */
function keyOf({ assetId, versionId, variant }: MediaAddress, format: string): string | null {
  if (variant === "original") return originalKey(assetId, versionId);
  if (variant === "proxy") return proxyKey(assetId, versionId);
  if (variant === "still") return stillKey(assetId, versionId);
  const found = rungOf(variant);
  return found === null ? null : renditionKey(assetId, versionId, found.rung, format);
}
