/** Builds multipart bodies byte by byte, including malformed ones that FormData cannot produce. */

const utf8 = new TextEncoder();

export const BOUNDARY = "----tintype-test-boundary";
export const MULTIPART = `multipart/form-data; boundary=${BOUNDARY}`;

export interface RawPart {
  /** Parameters after `form-data` in Content-Disposition. */
  disposition: string;
  content: string | Uint8Array;
}

export const deviceFields: Record<string, string> = {
  device_asset_id: "device-asset-1",
  device_id: "test device",
  file_created_at: "2024-05-06T07:08:09Z",
  file_modified_at: "2024-05-06T07:08:10Z",
};

export function field(name: string, content: string): RawPart {
  return { disposition: `; name="${name}"`, content };
}

export function fields(changes: Record<string, string | null> = {}): RawPart[] {
  return Object.entries({ ...deviceFields, ...changes }).flatMap(([name, value]) =>
    value === null ? [] : [field(name, value)],
  );
}

export function file(content: string | Uint8Array, filename = "photo.jpg"): RawPart {
  return { disposition: `; name="asset_data"; filename="${filename}"`, content };
}

const CLOSING_DELIMITER = `\r\n--${BOUNDARY}--\r\n`;

function partHeader(part: RawPart): Uint8Array {
  return utf8.encode(`\r\n--${BOUNDARY}\r\nContent-Disposition: form-data${part.disposition}\r\n\r\n`);
}

/** Serializes the parts; `closed: false` omits the closing delimiter. */
export async function multipartBody(parts: RawPart[], closed = true): Promise<Uint8Array> {
  const chunks = parts.flatMap((part) => [partHeader(part), part.content]);
  return new Uint8Array(await new Blob([...chunks, closed ? CLOSING_DELIMITER : ""]).arrayBuffer());
}

export interface CountedStream {
  stream: ReadableStream<Uint8Array>;
  /** Bytes that the reader has pulled so far. */
  pulledBytes(): number;
}

/** Streams the chunks on demand and ends with the error `failure` if it is given. */
export function streamChunks(chunks: Iterable<Uint8Array>, failure: Error | null = null): CountedStream {
  const iterator = chunks[Symbol.iterator]();
  let pulled = 0;
  const stream = new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        const next = iterator.next();
        if (next.done !== true) {
          pulled += next.value.byteLength;
          controller.enqueue(next.value);
        } else if (failure === null) controller.close();
        else controller.error(failure);
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, pulledBytes: () => pulled };
}

/** Yields a form with a file of `length` bytes between the parts, in distinct chunks of 64 KiB. */
export function* largeBody(before: RawPart[], length: number, after: RawPart[], seed = 1): Generator<Uint8Array> {
  for (const part of before) yield* [partHeader(part), utf8.encode(String(part.content))];
  yield partHeader(file("", "large.mp4"));
  yield* largeFile(length, seed);
  for (const part of after) yield* [partHeader(part), utf8.encode(String(part.content))];
  yield utf8.encode(CLOSING_DELIMITER);
}

const noise = crypto.getRandomValues(new Uint8Array(64 * 1024));

export function* largeFile(length: number, seed: number): Generator<Uint8Array> {
  for (let sent = 0, count = 0; sent < length; sent += noise.byteLength, count++) {
    const chunk = noise.slice(0, Math.min(noise.byteLength, length - sent));
    new DataView(chunk.buffer).setUint32(0, seed * 65_536 + count);
    yield chunk;
  }
}
