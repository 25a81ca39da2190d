/**
 * Bytes that arrive in chunks, given out up to a delimiter that may be split over any of them.
 * Knows nothing of headers or parts, and copies no chunk whole.
 */
import { AppError } from "../kernel/errors.ts";

const CR = 0x0d;
const NONE = new Uint8Array(0);

export interface Delimiter {
  bytes: Uint8Array;
  /** How far the search may jump when this byte stands under the delimiter's last one. */
  jumps: Uint8Array;
}

/** `text` must begin with CR and have fewer than 256 bytes. */
export function delimiterOf(text: string): Delimiter {
  const bytes = new TextEncoder().encode(text);
  const last = bytes.byteLength - 1;
  const jumps = new Uint8Array(256).fill(bytes.byteLength);
  for (const [at, byte] of bytes.subarray(0, last).entries()) jumps[byte] = last - at;
  return { bytes, jumps };
}

function isAt(window: Uint8Array, at: number, bytes: Uint8Array, length: number): boolean {
  for (let i = 0; i < length; i++) if (window[at + i] !== bytes[i]) return false;
  return true;
}

/**
 * Horspool's search, comparing forwards: a boundary holds no CR but the first, so candidates never overlap and the
 * time stays linear whatever is uploaded. `Uint8Array.indexOf` for each CR is slower, and 400 times so on a run of them.
 */
export function indexOf(window: Uint8Array, { bytes, jumps }: Delimiter): number {
  const last = bytes.byteLength - 1;
  const end = window.byteLength - last;
  let at = 0;
  while (at < end) {
    if (window[at] === CR && isAt(window, at, bytes, bytes.byteLength)) return at;
    at += jumps[window[at + last] ?? 0] ?? 1;
  }
  return -1;
}

/** Where the window's last bytes begin the delimiter; its length where they do not. */
export function tailStart(window: Uint8Array, { bytes }: Delimiter): number {
  const length = window.byteLength;
  for (let at = Math.max(0, length - bytes.byteLength + 1); at < length; at++) {
    if (window[at] === CR && isAt(window, at, bytes, length - at)) return at;
  }
  return length;
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(head.byteLength + tail.byteLength);
  bytes.set(head);
  bytes.set(tail, head.byteLength);
  return bytes;
}

function truncated(): AppError {
  return new AppError("bad_request", "the multipart body ends before its closing boundary (lines must end in CRLF)");
}

export class DelimitedBytes {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #delimiter: Delimiter;
  /** Read and not yet given out. */
  #window: Uint8Array;

  /** `before` stands in front of the first chunk. */
  constructor(chunks: AsyncIterator<Uint8Array>, delimiter: Delimiter, before: Uint8Array) {
    this.#chunks = chunks;
    this.#delimiter = delimiter;
    this.#window = before;
  }

  /** What is left of the window is copied first: asking for a chunk may take the last one's memory away. */
  async #readMore(): Promise<boolean> {
    const kept = this.#window.byteLength === 0 ? NONE : this.#window.slice();
    const step = await this.#chunks.next();
    if (step.done === true) return false;
    this.#window = kept.byteLength === 0 ? step.value : joined(kept, step.value);
    return true;
  }

  #give(end: number, next: number): Uint8Array {
    const given = this.#window.subarray(0, end);
    this.#window = this.#window.subarray(next);
    return given;
  }

  /** The next bytes before the delimiter. Null once, when it has been passed. */
  async untilDelimiter(): Promise<Uint8Array | null> {
    for (;;) {
      const at = indexOf(this.#window, this.#delimiter);
      if (at === 0) {
        this.#give(0, this.#delimiter.bytes.byteLength);
        return null;
      }
      const end = at > 0 ? at : tailStart(this.#window, this.#delimiter);
      if (end > 0) return this.#give(end, end);
      if (!(await this.#readMore())) throw truncated();
    }
  }

  /** Everything before `end`, which is passed; null where that is more than `maxBytes`. */
  async through(end: Delimiter, maxBytes: number): Promise<Uint8Array | null> {
    for (;;) {
      const at = indexOf(this.#window, end);
      if (at > maxBytes || (at < 0 && this.#window.byteLength > maxBytes + end.bytes.byteLength)) return null;
      if (at >= 0) return this.#give(at, at + end.bytes.byteLength);
      if (!(await this.#readMore())) throw truncated();
    }
  }

  /** Whether `bytes` come next; passes them if so. */
  async pass(bytes: Uint8Array): Promise<boolean> {
    while (this.#window.byteLength < bytes.byteLength) if (!(await this.#readMore())) throw truncated();
    const found = isAt(this.#window, 0, bytes, bytes.byteLength);
    if (found) this.#give(0, bytes.byteLength);
    return found;
  }

  /** Whatever comes next, delimiter or not; null at the end of the body. */
  async rest(): Promise<Uint8Array | null> {
    if (this.#window.byteLength > 0 || (await this.#readMore()))
      return this.#give(this.#window.byteLength, this.#window.byteLength);
    return null;
  }
}
