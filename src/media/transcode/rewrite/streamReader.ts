/** Reads a stream of chunks by byte count. Format readers use it to parse an upload while it arrives. */
import { MalformedImageError } from "./malformedImage.ts";

const NONE = new Uint8Array(0);

/** Buffers one chunk. A source may reuse a chunk's memory, so `read` copies. */
export class StreamReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #buffer: Uint8Array = NONE;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Returns the unread bytes of the current chunk, at least one; null at the end of the stream. */
  async buffered(): Promise<Uint8Array | null> {
    while (this.#buffer.length === 0) {
      const step = await this.#chunks.next();
      if (step.done === true) return null;
      this.#buffer = step.value;
    }
    return this.#buffer;
  }

  /** Marks `count` buffered bytes as read. */
  consume(count: number): void {
    this.#buffer = this.#buffer.subarray(count);
  }

  /** Returns the next `count` bytes without consuming them; fewer at the end of the stream. */
  async peek(count: number): Promise<Uint8Array> {
    while (this.#buffer.length < count) {
      const previous = this.#buffer.slice();
      const step = await this.#chunks.next();
      if (step.done === true) {
        this.#buffer = previous;
        break;
      }
      this.#buffer = new Uint8Array(previous.length + step.value.length);
      this.#buffer.set(previous);
      this.#buffer.set(step.value, previous.length);
    }
    return this.#buffer.subarray(0, count);
  }

  /** Yields the next `count` bytes in chunks without copying. Throws `MalformedImageError` at the end of the stream. */
  async *readChunks(count: number): AsyncGenerator<Uint8Array, void, undefined> {
    for (let left = count; left > 0;) {
      const chunk = await this.buffered();
      if (chunk === null) throw new MalformedImageError("is truncated");
      const piece = chunk.subarray(0, left);
      this.consume(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  /** Returns a copy of the next `count` bytes. */
  async read(count: number): Promise<Uint8Array> {
    const taken = new Uint8Array(count);
    let filled = 0;
    for await (const piece of this.readChunks(count)) {
      taken.set(piece, filled);
      filled += piece.length;
    }
    return taken;
  }

  async skip(count: number): Promise<void> {
    for await (const piece of this.readChunks(count)) void piece;
  }

  /** Reads to the end, so that counting and hashing below see every byte. */
  async discardRest(): Promise<void> {
    while ((await this.buffered()) !== null) this.consume(this.#buffer.length);
  }
}
