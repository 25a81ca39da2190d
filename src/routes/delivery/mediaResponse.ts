/**
 * Serves media files with Range and conditional requests (RFC 9110), and the digest of originals (RFC 9530).
 * Costs one R2 operation per request, two if a condition must be checked first, and one D1 query beside them.
 */
import { AppError, notFound } from "../../kernel/errors.ts";
import type { Context } from "../../operations/context.ts";
import { requireMediaFile, type MediaFileRow } from "../../operations/delivery/mediaAccess.ts";
import { openDisplaySource } from "../../operations/delivery/displaySource.ts";
import { parseCropVariant } from "../../operations/delivery/faceCrops/faceCropNames.ts";
import { createFaceCrop } from "../../operations/delivery/faceCrops/faceCrops.ts";
import { createRendition } from "../../operations/delivery/renditions.ts";
import { mediaFile, verifyMediaUrl, type MediaAddress, type MediaFile } from "../../operations/delivery/urlSigner.ts";
import {
  contentRange,
  parseRange,
  resolveRange,
  unsatisfiedContentRange,
  type ByteRange,
  type RangeSpec,
} from "../../http/byteRange.ts";
import { formatDigestField } from "../../http/digestField.ts";
import { rangeApplies, isConditional, evaluatePreconditions } from "../../http/conditionalRequest.ts";
import { parseSourceVariant } from "../../operations/delivery/variants.ts";
import { fileHeaders, setCacheTag, validatorHeaders, validatorsOf, type MediaGrant } from "./mediaHeaders.ts";

/**
 * Range requests for files up to this size get the whole file where Workers Cache is in front: it stores only complete
 * responses and cuts ranges out of them. Players of larger files would wait for the bytes before their range.
 */
export const MAX_RANGE_FROM_WHOLE_BYTES = 16 * 1024 * 1024;

/** Whether Workers Cache cuts the requested range out of a complete response. */
type CutsRanges = (sizeBytes: number) => boolean;

const MEDIA_PATH = /^\/media\/([^/]+)\/([^/]+)\/([^/]+)$/;

/** Verifies the URL's signature. Every invalid one yields the same error, which hides the reason from forgers. */
async function verifyGrant({ config, nowMs }: Context, request: Request): Promise<MediaGrant> {
  const url = new URL(request.url);
  const [, assetId, versionId, variant] = MEDIA_PATH.exec(url.pathname) ?? [];
  if (assetId === undefined || versionId === undefined || variant === undefined) throw notFound("media");
  const address = { assetId, versionId, variant };
  const { mediaSigningKey, previousMediaSigningKey: previous } = config;
  const secrets = previous === null ? [mediaSigningKey] : [mediaSigningKey, previous];
  const result = await verifyMediaUrl(secrets, nowMs, address, url.searchParams);
  if (result.status === "expired") {
    throw new AppError("forbidden", "media URL has expired; read the asset again for a new URL");
  }
  if (result.status === "unknown_parameter") {
    throw new AppError("forbidden", "unknown query parameter: media URLs take only exp, dl, trashed and sig");
  }
  if (result.status !== "ok") throw new AppError("forbidden", "invalid media URL signature");
  const { expiresAt, keyTag, downloadName, trashedAt } = result;
  return { address: { ...address, trashedAt }, signature: { expiresAt, keyTag }, downloadName };
}

/** Built by hand because AppError lacks the Content-Range header that 416 requires (RFC 9110 §15.5.17). */
function rangeNotSatisfiable(object: R2Object): Response {
  const text = `range not satisfiable: the file has ${object.size} bytes`;
  const body = { detail: text, message: text, error: "range_not_satisfiable" };
  const headers = { "Content-Range": unsatisfiedContentRange(object.size), "Cache-Control": "no-store" };
  return Response.json(body, { status: 416, headers });
}

function preconditionFailed(): Response {
  const text = "precondition failed";
  const body = { detail: text, message: text, error: "precondition_failed" };
  return Response.json(body, { status: 412, headers: { "Cache-Control": "no-store" } });
}

/** The whole file, or the requested range, which must be satisfiable. */
function fileResponse(object: R2ObjectBody, spec: RangeSpec | null, grant: MediaGrant, nowMs: number): Response {
  const range = spec === null ? null : resolveRange(spec, object.size);
  const headers = fileHeaders(object, grant, nowMs);
  headers.set("Content-Length", String(range?.length ?? object.size));
  if (range === null) return new Response(object.body, { headers });
  headers.set("Content-Range", contentRange(range, object.size));
  return new Response(object.body, { status: 206, headers });
}

/** Returns null for ranges that R2 rejects: an empty suffix or offsets beyond exact integers. */
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
 * Opens the file without a HEAD request. R2 rejects an unsatisfiable range with an undocumented error that lacks the
 * file size, so any failure falls back to HEAD.
 */
async function openWithoutHead(file: MediaFile, spec: RangeSpec | null): Promise<R2ObjectBody | null | "needs head"> {
  if (spec === null) return await file.open();
  const range = r2RangeOf(spec);
  if (range === null) return "needs head";
  try {
    const object = await file.open(range);
    if (object === null || resolveRange(spec, object.size) !== null) return object;
    await object.body.cancel();
    return "needs head";
  } catch (error) {
    if (error instanceof AppError) return "needs head";
    throw error;
  }
}

async function openAfterHead(
  file: MediaFile,
  spec: RangeSpec | null,
  object: R2Object,
): Promise<R2ObjectBody | null | "unsatisfiable"> {
  if (spec === null) return await file.open();
  const range: ByteRange | null = resolveRange(spec, object.size);
  return range === null ? "unsatisfiable" : await file.open(range);
}

/** The response to HEAD or a failed condition; null if the body must be read. */
function bodylessResponse(request: Request, object: R2Object, grant: MediaGrant, nowMs: number): Response | null {
  const outcome = evaluatePreconditions(request.headers, validatorsOf(object));
  if (outcome === 412) return preconditionFailed();
  if (outcome === 304) return new Response(null, { status: 304, headers: validatorHeaders(object, grant, nowMs) });
  if (request.method !== "HEAD") return null;
  const headers = fileHeaders(object, grant, nowMs);
  headers.set("Content-Length", String(object.size));
  return new Response(null, { headers });
}

async function respondFrom(
  request: Request,
  file: MediaFile,
  grant: MediaGrant,
  { nowMs, cutsRanges }: { nowMs: number; cutsRanges: CutsRanges },
): Promise<Response | null> {
  let spec = parseRange(request.headers.get("range"));
  if (request.method === "GET" && !isConditional(request.headers)) {
    let object = await openWithoutHead(file, spec);
    if (spec !== null && object !== null && object !== "needs head" && cutsRanges(object.size)) {
      await object.body.cancel();
      spec = null;
      object = await file.open();
    }
    if (object === null) return null;
    if (object !== "needs head") return fileResponse(object, spec, grant, nowMs);
  }
  const head = await file.head();
  if (head === null) return null;
  const response = bodylessResponse(request, head, grant, nowMs);
  if (response !== null) return response;
  if (!rangeApplies(request.headers, validatorsOf(head)) || cutsRanges(head.size)) spec = null;
  const object = await openAfterHead(file, spec, head);
  if (object === "unsatisfiable") return rangeNotSatisfiable(head);
  return object === null ? null : fileResponse(object, spec, grant, nowMs);
}

/** Streams the bytes that a renderer reads. Because they are patched, length, validator and ranges are unavailable. */
async function sourceResponse(context: Context, address: MediaAddress, mediaType: "image" | "video") {
  const { assetId: id, versionId } = address;
  const source = await openDisplaySource(context, {
    id,
    currentVersionId: versionId,
    posterVersionId: versionId,
    mediaType,
  });
  if (source.kind === "none") throw notFound("media");
  const headers = { "Content-Type": source.contentType, "Cache-Control": "private, no-store" };
  return new Response(source.body, { headers: { ...headers, "X-Content-Type-Options": "nosniff" } });
}

/**
 * Runs while R2 responds, which hides the latency of its round trip to D1. Its error is thrown after the response is
 * closed.
 */
async function settle<T>(promise: Promise<T>): Promise<PromiseSettledResult<T>> {
  const [result] = await Promise.allSettled([promise]);
  return result;
}

function responseOptions({ cachePurger, nowMs }: Context, { signature }: MediaGrant) {
  const isStored = cachePurger !== null && signature !== null;
  return { nowMs, cutsRanges: (sizeBytes: number) => isStored && sizeBytes <= MAX_RANGE_FROM_WHOLE_BYTES };
}

/**
 * Returns the stored file while its URL is valid. Without the object, `response` is null.
 *
 * @throws {AppError} `not_found` if the URL has ended.
 */
async function respondIfServed(
  context: Context,
  request: Request,
  file: MediaFile,
  grant: MediaGrant,
): Promise<{ response: Response | null; row: MediaFileRow }> {
  const checking = settle(requireMediaFile(context, grant.address));
  const response = await respondFrom(request, file, grant, responseOptions(context, grant));
  const access = await checking;
  if (access.status === "rejected") {
    await response?.body?.cancel();
    throw access.reason;
  }
  const row = access.value;
  const { checksum } = row;
  const isOriginal = grant.address.variant === "original" && checksum !== null;
  if (isOriginal && response?.ok === true) response.headers.set("Repr-Digest", formatDigestField(checksum));
  setCacheTag(context, response, grant, row);
  return { response, row };
}

/** Makes a rendition or the crop of a face on its first request. Returns false if it can't be made. */
async function createMissing(
  context: Context,
  address: MediaAddress,
  row: MediaFileRow,
  origin: string,
): Promise<boolean> {
  const face = parseCropVariant(address.variant);
  if (face !== null) return await createFaceCrop(context, address, face, row, origin);
  return await createRendition(context, address, Math.max(row.width ?? 0, row.height ?? 0), origin);
}

/**
 * Serves a granted file. An existing rendition costs one R2 read and, at the same time, one D1 query that finds whether
 * the URL has ended; a missing rendition is rendered first.
 */
export async function serveGrantedFile(
  context: Context,
  request: Request,
  grant: MediaGrant,
  origin: string,
): Promise<Response> {
  const sourceOf = parseSourceVariant(grant.address.variant);
  if (sourceOf !== null) {
    await requireMediaFile(context, grant.address);
    return await sourceResponse(context, grant.address, sourceOf);
  }
  const file = mediaFile(context.bucket, grant.address);
  if (file === null) throw notFound("media variant");
  const { response: stored, row } = await respondIfServed(context, request, file, grant);
  if (stored !== null) return stored;
  const wasRendered = await createMissing(context, grant.address, row, origin);
  const rendered = wasRendered ? await respondFrom(request, file, grant, responseOptions(context, grant)) : null;
  if (rendered === null) throw notFound("media");
  setCacheTag(context, rendered, grant, row);
  return rendered;
}

export async function serveSignedUrl(context: Context, request: Request, origin: string): Promise<Response> {
  return await serveGrantedFile(context, request, await verifyGrant(context, request), origin);
}
