/** Reads a request body in large chunks into one reused buffer. */

const CHUNK_BYTES = 64 * 1024;

/** False for a request without a body, also where a client announced an empty one. */
export function hasBody(request: Request): boolean {
  return request.body !== null && request.headers.get("content-length") !== "0";
}

/** Returns null for a default stream, such as most streams created in JavaScript. */
function byobReader(body: ReadableStream<Uint8Array>): ReadableStreamBYOBReader | null {
  try {
    return body.getReader({ mode: "byob" });
  } catch (error) {
    if (error instanceof TypeError && !body.locked) return null;
    throw error;
  }
}

async function* readWithBuffer(reader: ReadableStreamBYOBReader): AsyncGenerator<Uint8Array, void, undefined> {
  let buffer = new ArrayBuffer(CHUNK_BYTES);
  try {
    for (;;) {
      const { done, value } = await reader.read(new Uint8Array(buffer));
      if (value === undefined) return;
      if (value.byteLength > 0) yield value;
      if (done) return;
      buffer = value.buffer;
    }
  } finally {
    reader.releaseLock();
  }
}

async function* readWithoutBuffer(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.releaseLock();
  }
}

/**
 * Yields the chunks of a body. A chunk is valid until the next one is requested. A BYOB reader gets 41 KiB per read
 * from a request body on average, a default reader 4 KiB: 420 MB/s against 90 MB/s. Leaves the body unlocked and open.
 */
export async function* readChunks(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const buffered = byobReader(body);
  if (buffered === null) {
    yield* readWithoutBuffer(body.getReader());
    return;
  }
  yield* readWithBuffer(buffered);
}

/** Request body limit of the Free and Pro plans. */
export const MAX_DISCARDED_BYTES = 100 * 1024 * 1024;

/**
 * Reads and discards the rest of an unused body, up to `maxBytes`. A client that is still sending when the connection
 * closes sees a connection reset instead of the response, and its SDK retries the whole upload.
 */
export async function discardBody(body: ReadableStream<Uint8Array>, maxBytes = MAX_DISCARDED_BYTES): Promise<void> {
  let discardedBytes = 0;
  try {
    for await (const chunk of readChunks(body)) {
      discardedBytes += chunk.byteLength;
      if (discardedBytes > maxBytes) return;
    }
  } catch {
    // Ignored, because the client disconnected.
  }
}
