/**
 * GET and HEAD of /media/…: bytes for whoever holds a signed URL. Asks for no other credential and reads no database.
 * One R2 read per request; two where a condition has to be looked at first.
 */
import { AppError, notFound } from "../../kernel/errors.ts";
import { mediaFile, verifyMediaUrl, type MediaAddress, type MediaFile } from "../../operations/delivery/urlSigner.ts";
import {
  contentRange,
  parseRange,
  rangeWithin,
  unsatisfiedRange,
  type ByteRange,
  type RangeSpec,
} from "../../http/byteRange.ts";
import { allowsRange, hasConditions, precondition, type Validators } from "../../http/conditionalRequest.ts";
import { negotiate, rungOf, type RungFormat } from "../../operations/delivery/variants.ts";
import { attachment } from "../../http/contentDisposition.ts";

export interface MediaDeps {
  bucket: R2Bucket;
  signingKey: string;
  nowMs: number;
  /** Makes a rung that is not there yet; false where it can't be made. Waits for nothing when absent. */
  make?: (address: MediaAddress, format: RungFormat) => Promise<boolean>;
}

/** What may be read, by whoever holds a signature or a credential. */
export interface Grant {
  address: MediaAddress;
  /** When the signature ends, in Unix seconds; null behind a credential, whose URL stays when the bytes change. */
  expiresAt: number | null;
  downloadName: string | null;
}

interface Serving extends Grant {
  /** What a rung is served as; null for files that are what they are. */
  format: RungFormat | null;
}

const MEDIA_PATH = /^\/media\/([^/]+)\/([^/]+)\/([^/]+)$/;

/** The same words whatever is wrong with a signature: they tell a forger nothing. */
async function grantOf(request: Request, deps: MediaDeps): Promise<Grant> {
  const url = new URL(request.url);
  const [, assetId, versionId, variant] = MEDIA_PATH.exec(url.pathname) ?? [];
  if (assetId === undefined || versionId === undefined || variant === undefined) throw notFound("media");
  const address = { assetId, versionId, variant };
  const result = await verifyMediaUrl(deps.signingKey, deps.nowMs, address, url.searchParams);
  if (result.verdict !== "ok") {
    const what =
      result.verdict === "expired" ? "has expired; read the asset again for a new one" : "is not one of ours";
    throw new AppError("forbidden", `this media URL ${what}`);
  }
  return { address, expiresAt: result.expiresAt, downloadName: result.downloadName };
}

/**
 * Uploaded bytes are shown as what they were declared to be and can do nothing: no sniffing, no script, no origin.
 * Images, media and style are allowed so that a browser's own viewer can show the file.
 */
const SANDBOX = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox";

function fileHeaders(object: R2Object, grant: Serving, nowMs: number): Headers {
  const headers = new Headers({
    "Content-Type": object.httpMetadata?.contentType ?? "application/octet-stream",
    ...validatorHeaders(object, grant, nowMs),
    "Accept-Ranges": "bytes",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": SANDBOX,
    // The signature is the credential, so a page of any origin that holds the URL may show the picture.
    "Cross-Origin-Resource-Policy": "cross-origin",
  });
  if (grant.downloadName !== null) headers.set("Content-Disposition", attachment(grant.downloadName));
  return headers;
}

/**
 * Private: an original has its owner's places and faces in it, so no shared cache may keep it. A rung is kept by the
 * edge under its whole signed URL. Immutable: the version in the path never gets other bytes. No longer than the
 * signature: what has expired is not shown from a cache. Behind a credential nothing is shared, and each use asks
 * whether the bytes are still those. No-transform: a proxy that recompresses would break the checksums the API gives out.
 */
function cacheControl({ expiresAt, format }: Serving, nowMs: number): string {
  if (expiresAt === null) return "private, no-cache, no-transform";
  const seconds = Math.max(0, expiresAt - Math.ceil(nowMs / 1000));
  return `${format === null ? "private" : "public"}, max-age=${seconds}, immutable, no-transform`;
}

function validatorHeaders(object: R2Object, grant: Serving, nowMs: number): Record<string, string> {
  return {
    ETag: object.httpEtag,
    "Last-Modified": object.uploaded.toUTCString(),
    "Cache-Control": cacheControl(grant, nowMs),
    ...(grant.format === null ? {} : { Vary: "Accept" }),
  };
}

function validatorsOf(object: R2Object): Validators {
  return { etag: object.httpEtag, lastModifiedMs: object.uploaded.getTime() };
}

/** A refusal in the contract's body. It names the size, which is why it is no AppError. */
function rangeRefused(object: R2Object): Response {
  const text = `the file has ${object.size} bytes and none of them is in the range`;
  const body = { detail: text, message: text, error: "range_not_satisfiable" };
  const headers = { "Content-Range": unsatisfiedRange(object.size), "Cache-Control": "no-store" };
  return Response.json(body, { status: 416, headers });
}

function preconditionFailed(): Response {
  const text = "the file is not the one the request's conditions name";
  const body = { detail: text, message: text, error: "precondition_failed" };
  return Response.json(body, { status: 412, headers: { "Cache-Control": "no-store" } });
}

/** Whole, or the one range, which must lie within the file. */
function answerWith(object: R2ObjectBody, spec: RangeSpec | null, grant: Serving, nowMs: number): Response {
  const range = spec === null ? null : rangeWithin(spec, object.size);
  const headers = fileHeaders(object, grant, nowMs);
  headers.set("Content-Length", String(range?.length ?? object.size));
  if (range === null) return new Response(object.body, { headers });
  headers.set("Content-Range", contentRange(range, object.size));
  return new Response(object.body, { status: 206, headers });
}

/** Null for what R2 need not be asked: a suffix of nothing, or offsets that are no exact numbers. */
function r2RangeOf(spec: RangeSpec): R2Range | null {
  if ("suffixLength" in spec) {
    const suffix = spec.suffixLength;
    return suffix > 0 && Number.isSafeInteger(suffix) ? { suffix } : null;
  }
  const offset = spec.first;
  if (!Number.isSafeInteger(offset)) return null;
  return Number.isSafeInteger(spec.last) ? { offset, length: spec.last - offset + 1 } : { offset };
}

/**
 * Without looking first. R2 refuses a range outside of the file with an error that names no size, and its
 * documentation names no error to tell that by, so a failure means only that one has to look.
 */
async function openUnseen(file: MediaFile, spec: RangeSpec | null): Promise<R2ObjectBody | null | "look first"> {
  if (spec === null) return await file.open();
  const range = r2RangeOf(spec);
  if (range === null) return "look first";
  try {
    const object = await file.open(range);
    if (object === null || rangeWithin(spec, object.size) !== null) return object;
    await object.body.cancel();
    return "look first";
  } catch (error) {
    if (error instanceof AppError) return "look first";
    throw error;
  }
}

async function openSeen(
  file: MediaFile,
  spec: RangeSpec | null,
  object: R2Object,
): Promise<R2ObjectBody | null | "no such range"> {
  if (spec === null) return await file.open();
  const range: ByteRange | null = rangeWithin(spec, object.size);
  return range === null ? "no such range" : await file.open(range);
}

/** What HEAD and a conditional GET come to when no bytes need to be read; null when they do. */
function answerWithoutBody(request: Request, object: R2Object, grant: Serving, nowMs: number): Response | null {
  const outcome = precondition(request.headers, validatorsOf(object));
  if (outcome === 412) return preconditionFailed();
  if (outcome === 304) return new Response(null, { status: 304, headers: validatorHeaders(object, grant, nowMs) });
  if (request.method !== "HEAD") return null;
  const headers = fileHeaders(object, grant, nowMs);
  headers.set("Content-Length", String(object.size));
  return new Response(null, { headers });
}

async function answerFrom(request: Request, file: MediaFile, grant: Serving, nowMs: number): Promise<Response | null> {
  let spec = parseRange(request.headers.get("range"));
  if (request.method === "GET" && !hasConditions(request.headers)) {
    const object = await openUnseen(file, spec);
    if (object === null) return null;
    if (object !== "look first") return answerWith(object, spec, grant, nowMs);
  }
  const seen = await file.head();
  if (seen === null) return null;
  const answer = answerWithoutBody(request, seen, grant, nowMs);
  if (answer !== null) return answer;
  if (!allowsRange(request.headers, validatorsOf(seen))) spec = null;
  const object = await openSeen(file, spec, seen);
  if (object === "no such range") return rangeRefused(seen);
  return object === null ? null : answerWith(object, spec, grant, nowMs);
}

/** A rung that is there costs one R2 read; only one that is not is rendered. */
export async function serveGranted(request: Request, deps: MediaDeps, granted: Grant): Promise<Response> {
  const rung = rungOf(granted.address.variant);
  const format = rung === null ? null : negotiate(request.headers.get("accept"), rung.rung);
  const grant = { ...granted, format };
  const file = mediaFile(deps.bucket, grant.address, format ?? "");
  if (file === null) throw notFound("media variant");
  const answer = await answerFrom(request, file, grant, deps.nowMs);
  if (answer !== null) return answer;
  const made = format !== null && (await deps.make?.(grant.address, format)) === true;
  const second = made ? await answerFrom(request, file, grant, deps.nowMs) : null;
  if (second === null) throw notFound("media");
  return second;
}

export async function serveMedia(request: Request, deps: MediaDeps): Promise<Response> {
  return await serveGranted(request, deps, await grantOf(request, deps));
}
