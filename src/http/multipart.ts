/**
 * multipart/form-data (RFC 7578, RFC 2046) as a stream of parts, each a stream of bytes.
 * Never holds more than one chunk of the body, a boundary's length and one part's headers.
 */
import { AppError, invalid } from "../kernel/errors.ts";
import { chunksOf } from "./bodyReader.ts";
import { DelimitedBytes, delimiterOf } from "./boundaryScanner.ts";
import { parametersOf, partHead, unescapeQuoted, type PartHead } from "./multipartHeaders.ts";

export interface Part extends PartHead {
  /**
   * What is left of it is skipped when the next part is asked for. A chunk's bytes are valid until the next chunk is
   * asked for: its memory is used again.
   */
  body: AsyncIterable<Uint8Array>;
}

export interface MultipartLimits {
  maxParts: number;
  /** Of one part. */
  maxHeadBytes: number;
  /** Of the preamble, and of the epilogue; nobody reads either. */
  maxIgnoredBytes: number;
}

export const multipartLimits: MultipartLimits = {
  maxParts: 100,
  maxHeadBytes: 16 * 1024,
  maxIgnoredBytes: 64 * 1024,
};

/** RFC 2046 §5.1.1: 1 to 70 of these, the last no space. */
const BOUNDARY = /^[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]$/;
const HEAD_END = delimiterOf("\r\n\r\n");
const CRLF = new TextEncoder().encode("\r\n");
const DASHES = new TextEncoder().encode("--");

export function boundaryOf(contentType: string | null): string {
  const value = contentType ?? "";
  if (!/^\s*multipart\/form-data\s*(;|$)/i.test(value)) {
    throw new AppError("unsupported_media_type", "send the body as multipart/form-data");
  }
  const boundary = parametersOf(value)?.get("boundary");
  if (boundary === undefined) throw invalid(["header", "content-type"], "lacks the boundary of multipart/form-data");
  const text = unescapeQuoted(boundary);
  if (!BOUNDARY.test(text))
    throw invalid(["header", "content-type"], "boundary must be 1 to 70 characters of RFC 2046's set");
  return text;
}

type NextChunk = () => Promise<Uint8Array | null>;

function excess(what: string): AppError {
  return new AppError("bad_request", `the multipart body has more than ${what}`);
}

/** Reads over bytes that mean nothing. */
async function ignore(next: NextChunk, maxBytes: number): Promise<void> {
  let ignored = 0;
  for (let chunk = await next(); chunk !== null; chunk = await next()) {
    ignored += chunk.byteLength;
    if (ignored > maxBytes) throw excess(`${maxBytes} bytes before its first boundary, or after its last`);
  }
}

/** Chunks of the current part only, however often and however late it is asked. */
function partChunks(bytes: DelimitedBytes): NextChunk {
  let isOver = false;
  return async () => {
    const chunk = isOver ? null : await bytes.untilDelimiter();
    isOver = chunk === null;
    return chunk;
  };
}

/** Breaking off a loop over it, and looping again, goes on where the first loop stopped. */
function iterable(next: NextChunk): AsyncIterable<Uint8Array> {
  const step = async (): Promise<IteratorResult<Uint8Array, undefined>> => {
    const value = await next();
    return value === null ? { done: true, value: undefined } : { done: false, value };
  };
  return { [Symbol.asyncIterator]: () => ({ next: step }) };
}

/**
 * The parts in the order they come. What reading `body` throws, such as a client that has gone, comes out as it is.
 * When iteration stops early `body` is left where it is, unlocked.
 */
export async function* readParts(
  body: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>,
  boundary: string,
  limits: MultipartLimits = multipartLimits,
): AsyncGenerator<Part, void, undefined> {
  const chunks = (body instanceof ReadableStream ? chunksOf(body) : body)[Symbol.asyncIterator]();
  // The first boundary need not stand behind a line end; with one in front of the body all are alike.
  const bytes = new DelimitedBytes(chunks, delimiterOf(`\r\n--${boundary}`), CRLF);
  try {
    await ignore(() => bytes.untilDelimiter(), limits.maxIgnoredBytes);
    for (let count = 0; !(await bytes.pass(DASHES)); count++) {
      if (count === limits.maxParts) throw excess(`${limits.maxParts} parts`);
      const head = await bytes.through(HEAD_END, limits.maxHeadBytes);
      if (head === null) throw excess(`${limits.maxHeadBytes} bytes of headers in one part`);
      const next = partChunks(bytes);
      yield { ...partHead(head), body: iterable(next) };
      await ignore(next, Infinity);
    }
    await ignore(() => bytes.rest(), limits.maxIgnoredBytes);
  } finally {
    await chunks.return?.();
  }
}

function decodePiece(decoder: TextDecoder, name: string, chunk: Uint8Array | null): string {
  try {
    return chunk === null ? decoder.decode() : decoder.decode(chunk, { stream: true });
  } catch {
    throw invalid(["body", name], "is not UTF-8 text");
  }
}

/** A field's value. What is longer than `maxBytes`, or no UTF-8, is the client's mistake and named after the field. */
export async function textOf(part: Part, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let text = "";
  let length = 0;
  for await (const chunk of part.body) {
    length += chunk.byteLength;
    if (length > maxBytes) throw invalid(["body", part.name], `is longer than ${maxBytes} bytes`);
    text += decodePiece(decoder, part.name, chunk);
  }
  return text + decodePiece(decoder, part.name, null);
}
