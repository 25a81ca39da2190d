/** Response headers of media files: caching, validators and isolation. */
import { attachmentDisposition } from "../../http/contentDisposition.ts";
import type { Validators } from "../../http/conditionalRequest.ts";
import type { Context } from "../../operations/context.ts";
import { cacheTags } from "../../operations/delivery/cacheTags.ts";
import type { MediaFileRow } from "../../operations/delivery/mediaAccess.ts";
import type { MediaAddress } from "../../operations/delivery/urlSigner.ts";

/** Read access to one media file, granted by a signature or a credential. */
export interface MediaGrant {
  address: MediaAddress;
  /** Null for a credential, whose URL stays the same when the file changes. */
  signature: {
    /** Unix seconds. */
    expiresAt: number;
    /** Cache tag of the key. */
    keyTag: string;
  } | null;
  downloadName: string | null;
}

/**
 * Isolates uploaded files: blocks scripts and gives them an opaque origin. Browsers' built-in viewers need images,
 * media and inline styles.
 */
const SANDBOX = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox";

export function fileHeaders(object: R2Object, grant: MediaGrant, nowMs: number): Headers {
  const headers = new Headers({
    "Content-Type": object.httpMetadata?.contentType ?? "application/octet-stream",
    ...validatorHeaders(object, grant, nowMs),
    "Accept-Ranges": "bytes",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": SANDBOX,
    // The signature is the credential, so pages of any origin may embed the URL.
    "Cross-Origin-Resource-Policy": "cross-origin",
  });
  if (grant.downloadName !== null) headers.set("Content-Disposition", attachmentDisposition(grant.downloadName));
  return headers;
}

/**
 * The signature is the credential and part of the URL, so any cache may store the response until the signature expires;
 * a version's bytes are immutable. `stale-if-error=0` keeps Workers Cache from serving it later. Responses to an API key
 * are revalidated. `no-transform` stops proxies from recompressing, which would invalidate the API's checksums.
 */
function cacheControl({ signature }: MediaGrant, nowMs: number): string {
  if (signature === null) return "private, no-cache, no-transform";
  const seconds = Math.max(0, signature.expiresAt - Math.ceil(nowMs / 1000));
  return `public, max-age=${seconds}, immutable, no-transform, stale-if-error=0`;
}

export function validatorHeaders(object: R2Object, grant: MediaGrant, nowMs: number): Record<string, string> {
  return {
    ETag: object.httpEtag,
    "Last-Modified": object.uploaded.toUTCString(),
    "Cache-Control": cacheControl(grant, nowMs),
  };
}

export function validatorsOf(object: R2Object): Validators {
  return { etag: object.httpEtag, lastModifiedMs: object.uploaded.getTime() };
}

/** Tags a response that the cache in front of the Worker may store, which keeps the header from clients. */
export function setCacheTag(context: Context, response: Response | null, grant: MediaGrant, row: MediaFileRow): void {
  if (context.cachePurger === null || grant.signature === null || response?.status !== 200) return;
  response.headers.set("Cache-Tag", cacheTags(grant.address, row, grant.signature.keyTag).join(","));
}
