/** Multipart bodies written out byte by byte, for what FormData would never send. */

const utf8 = new TextEncoder();

export const BOUNDARY = "----tintype-test-boundary";
export const MULTIPART = `multipart/form-data; boundary=${BOUNDARY}`;

export interface RawPart {
  /** What follows `form-data` in Content-Disposition. */
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

const CLOSING = `\r\n--${BOUNDARY}--\r\n`;

function headOf(part: RawPart): Uint8Array {
  return utf8.encode(`\r\n--${BOUNDARY}\r\nContent-Disposition: form-data${part.disposition}\r\n\r\n`);
}

/** `closed: false` leaves out the closing boundary. */
export async function bodyOf(parts: RawPart[], closed = true): Promise<Uint8Array> {
  const pieces = parts.flatMap((part) => [headOf(part), part.content]);
  return new Uint8Array(await new Blob([...pieces, closed ? CLOSING : ""]).arrayBuffer());
}

export interface Streamed {
  stream: ReadableStream<Uint8Array>;
  /** How many bytes have been asked for so far. */
  pulledBytes(): number;
}

/** The chunks as a body that is made only as fast as it is read; it breaks off with `failure` if there is one. */
export function streamed(chunks: Iterable<Uint8Array>, failure: Error | null = null): Streamed {
  const iterator = chunks[Symbol.iterator]();
  let pulled = 0;
  const stream = new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        const step = iterator.next();
        if (step.done !== true) {
          pulled += step.value.byteLength;
          controller.enqueue(step.value);
        } else if (failure === null) controller.close();
        else controller.error(failure);
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, pulledBytes: () => pulled };
}

/** A file of `length` bytes between `before` and `after`, in chunks of 64 KiB that all differ. */
export function* largeBody(before: RawPart[], length: number, after: RawPart[], seed = 1): Generator<Uint8Array> {
  for (const part of before) yield* [headOf(part), utf8.encode(String(part.content))];
  yield headOf(file("", "large.mp4"));
  yield* largeFile(length, seed);
  for (const part of after) yield* [headOf(part), utf8.encode(String(part.content))];
  yield utf8.encode(CLOSING);
}

const noise = crypto.getRandomValues(new Uint8Array(64 * 1024));

export function* largeFile(length: number, seed: number): Generator<Uint8Array> {
  for (let sent = 0, count = 0; sent < length; sent += noise.byteLength, count++) {
    const chunk = noise.slice(0, Math.min(noise.byteLength, length - sent));
    new DataView(chunk.buffer).setUint32(0, seed * 65_536 + count);
    yield chunk;
  }
}
