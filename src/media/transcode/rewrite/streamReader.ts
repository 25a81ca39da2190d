/** Bytes that arrive in chunks, taken by count or let through as they are. Knows no format, and holds one chunk. */
import { BrokenPicture } from "./malformedImage.ts";

const NONE = new Uint8Array(0);

/** A chunk's memory may be used again for the next: what is to stay is copied. */
export class Arriving {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #held: Uint8Array = NONE;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** What is at hand, at least one byte; null behind the last. Stays at hand until it is used. */
  async window(): Promise<Uint8Array | null> {
    while (this.#held.length === 0) {
      const step = await this.#chunks.next();
      if (step.done === true) return null;
      this.#held = step.value;
    }
    return this.#held;
  }

  /** `count` bytes of the window have been dealt with. */
  use(count: number): void {
    this.#held = this.#held.subarray(count);
  }

  /** The first `count` bytes, which stay at hand; fewer where there are no more. */
  async peek(count: number): Promise<Uint8Array> {
    while (this.#held.length < count) {
      const held = this.#held.slice();
      const step = await this.#chunks.next();
      if (step.done === true) {
        this.#held = held;
        break;
      }
      this.#held = new Uint8Array(held.length + step.value.length);
      this.#held.set(held);
      this.#held.set(step.value, held.length);
    }
    return this.#held.subarray(0, count);
  }

  /** Pieces of the next `count` bytes, not copied. */
  async *pass(count: number): AsyncGenerator<Uint8Array, void, undefined> {
    for (let left = count; left > 0;) {
      const window = await this.window();
      if (window === null) throw new BrokenPicture("is cut short");
      const piece = window.subarray(0, left);
      this.use(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  /** A copy of the next `count` bytes. */
  async take(count: number): Promise<Uint8Array> {
    const taken = new Uint8Array(count);
    let filled = 0;
    for await (const piece of this.pass(count)) {
      taken.set(piece, filled);
      filled += piece.length;
    }
    return taken;
  }

  async skip(count: number): Promise<void> {
    for await (const piece of this.pass(count)) void piece;
  }

  /** Reads to the end: whoever counts or hashes underneath sees every byte. */
  async finish(): Promise<void> {
    while ((await this.window()) !== null) this.use(this.#held.length);
  }
}
