/**
 * Parses multipart/form-data (RFC 7578, RFC 2046) as a stream of parts, each a stream of bytes. Memory is bounded by
 * one chunk of the body, the length of a boundary and the headers of one part.
 */
import { AppError, invalid } from "../kernel/errors.ts";
import { readChunks } from "./bodyReader.ts";
import { BoundaryScanner, createDelimiter } from "./boundaryScanner.ts";
import { parseParameters, parsePartHeaders, unescapeQuoted, type PartHeaders } from "./multipartHeaders.ts";

export interface MultipartPart extends PartHeaders {
  /** Unread bytes are skipped when the next part is requested. A chunk is valid until the next one is requested. */
  body: AsyncIterable<Uint8Array>;
}

export interface MultipartLimits {
  maxParts: number;
  /** Headers of one part. */
  maxHeaderBytes: number;
  /** Preamble and epilogue, each; both are ignored. */
  maxIgnoredBytes: number;
}

export const MULTIPART_LIMITS: MultipartLimits = {
  maxParts: 100,
  maxHeaderBytes: 16 * 1024,
  maxIgnoredBytes: 64 * 1024,
};

/** RFC 2046 §5.1.1: 1 to 70 characters without a trailing space. */
const BOUNDARY = /^[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]$/;
const HEAD_END = createDelimiter("\r\n\r\n");
const CRLF = new TextEncoder().encode("\r\n");
const DASHES = new TextEncoder().encode("--");

/**
 * Reads the boundary from a Content-Type header.
 *
 * @throws {AppError} `unsupported_media_type` for another type, `validation_error` for a missing or invalid boundary.
 */
export function parseBoundary(contentType: string | null): string {
  const value = contentType ?? "";
  if (!/^\s*multipart\/form-data\s*(;|$)/i.test(value)) {
    throw new AppError("unsupported_media_type", "unsupported Content-Type: send the body as multipart/form-data");
  }
  const boundary = parseParameters(value)?.get("boundary");
  if (boundary === undefined) throw invalid(["header", "content-type"], "has no multipart/form-data boundary");
  const text = unescapeQuoted(boundary);
  if (!BOUNDARY.test(text))
    throw invalid(["header", "content-type"], "boundary must be 1 to 70 characters of the set in RFC 2046");
  return text;
}

type NextChunk = () => Promise<Uint8Array | null>;

function limitExceeded(what: string): AppError {
  return new AppError("bad_request", `multipart body has more than ${what}`);
}

/** Reads and ignores up to `maxBytes`. */
async function skipBytes(next: NextChunk, maxBytes: number): Promise<void> {
  let ignored = 0;
  for (let chunk = await next(); chunk !== null; chunk = await next()) {
    ignored += chunk.byteLength;
    if (ignored > maxBytes) throw limitExceeded(`${maxBytes} bytes before its first or after its last boundary`);
  }
}

/** Returns null at the end of the current part, and on every later call. */
function partChunks(bytes: BoundaryScanner): NextChunk {
  let ended = false;
  return async () => {
    const chunk = ended ? null : await bytes.readBeforeDelimiter();
    ended = chunk === null;
    return chunk;
  };
}

/** A second loop continues where an aborted one stopped. */
function toIterable(next: NextChunk): AsyncIterable<Uint8Array> {
  const step = async (): Promise<IteratorResult<Uint8Array, undefined>> => {
    const value = await next();
    return value === null ? { done: true, value: undefined } : { done: false, value };
  };
  return { [Symbol.asyncIterator]: () => ({ next: step }) };
}

/**
 * Yields the parts in order. Errors of reading `body` are thrown unchanged. Stopping the iteration early leaves the
 * rest of `body` unread and unlocked.
 */
export async function* readParts(
  body: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>,
  boundary: string,
  limits: MultipartLimits = MULTIPART_LIMITS,
): AsyncGenerator<MultipartPart, void, undefined> {
  const chunks = (body instanceof ReadableStream ? readChunks(body) : body)[Symbol.asyncIterator]();
  // The first boundary may lack the CRLF of the others, so one is prepended to the body.
  const bytes = new BoundaryScanner(chunks, createDelimiter(`\r\n--${boundary}`), CRLF);
  try {
    await skipBytes(() => bytes.readBeforeDelimiter(), limits.maxIgnoredBytes);
    for (let count = 0; !(await bytes.skip(DASHES)); count++) {
      if (count === limits.maxParts) throw limitExceeded(`${limits.maxParts} parts`);
      const head = await bytes.readUntil(HEAD_END, limits.maxHeaderBytes);
      if (head === null) throw limitExceeded(`${limits.maxHeaderBytes} bytes of headers in one part`);
      const next = partChunks(bytes);
      yield { ...parsePartHeaders(head), body: toIterable(next) };
      await skipBytes(next, Infinity);
    }
    await skipBytes(() => bytes.readAny(), limits.maxIgnoredBytes);
  } finally {
    await chunks.return?.();
  }
}

function decodeChunk(decoder: TextDecoder, name: string, chunk: Uint8Array | null): string {
  try {
    return chunk === null ? decoder.decode() : decoder.decode(chunk, { stream: true });
  } catch {
    throw invalid(["body", name], "is not UTF-8 text");
  }
}

/**
 * Reads a text field.
 *
 * @throws {AppError} `validation_error` for more than `maxBytes` or invalid UTF-8.
 */
export async function readText(part: MultipartPart, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let text = "";
  let length = 0;
  for await (const chunk of part.body) {
    length += chunk.byteLength;
    if (length > maxBytes) throw invalid(["body", part.name], `is longer than ${maxBytes} bytes`);
    text += decodeChunk(decoder, part.name, chunk);
  }
  return text + decodeChunk(decoder, part.name, null);
}
