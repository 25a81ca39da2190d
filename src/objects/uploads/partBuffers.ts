/**
 * The buffers of one upload, from the memory that all uploads share. One buffer is enough; a second one, if there is
 * memory, fills while the first is sent.
 */
import type { UploadLease, UploadMemory } from "./uploadMemory.ts";

/** R2 requires equal parts of at least 5 MiB. */
export const PART_BYTES = 5 * 1024 * 1024;

export interface PartBuffers {
  /** The bytes filled in since the last `next`. Valid until the next but one, or `release`. */
  filled(): Uint8Array;
  /** Copies as many bytes as fit into the part, and returns their number; 0 if the part is full. Waits for memory. */
  fill(bytes: Uint8Array): Promise<number>;
  /** Continues with another buffer once `sent` has resolved, or at once if there is a second one. */
  next(sent: () => Promise<void>): Promise<void>;
  /** The body has ended: the filled bytes stay valid until `release`. */
  finish(): void;
  release(): void;
  peakBytes(): number;
}

/** `sizeHint` avoids taking a whole part for a small file. A file that is larger gets a whole part. */
export function partBuffers(sizeHint: number | null, memory: UploadMemory): PartBuffers {
  const lease: UploadLease = memory.lease();
  const firstBytes = sizeHint !== null && sizeHint >= 1 ? Math.min(Math.ceil(sizeHint), PART_BYTES) : PART_BYTES;
  let current = new Uint8Array();
  /** Its bytes are being sent, or have been. */
  let other: Uint8Array<ArrayBuffer> | null = null;
  let length = 0;
  let peak = 0;

  function use(buffer: Uint8Array<ArrayBuffer>): void {
    current = buffer;
    peak = Math.max(peak, current.byteLength + (other?.byteLength ?? 0));
  }

  /** The file is larger than its hint. Waiting with a buffer can end in `MAX_PART_HOLD_MS` for others that do so. */
  async function grow(): Promise<void> {
    const smaller = current;
    const larger = await lease.allocate(PART_BYTES);
    larger.set(smaller.subarray(0, length));
    peak = Math.max(peak, smaller.byteLength + larger.byteLength);
    lease.free(smaller);
    use(larger);
  }

  return {
    filled: () => current.subarray(0, length),
    fill: async (bytes) => {
      lease.requireActive();
      if (current.byteLength === 0) use(await lease.allocate(firstBytes));
      const taken = Math.min(bytes.byteLength, PART_BYTES - length);
      if (length + taken > current.byteLength) await grow();
      current.set(taken === bytes.byteLength ? bytes : bytes.subarray(0, taken), length);
      length += taken;
      return taken;
    },
    next: async (sent) => {
      const second = memory.isContended() ? null : (other ?? lease.tryAllocate(PART_BYTES));
      if (second !== null) {
        other = current;
        use(second);
      } else {
        if (other !== null) lease.free(other);
        other = null;
        await sent();
        lease.requireActive();
        // Others had to wait: this upload goes to the end of the line, so that parts take turns.
        if (memory.isContended()) {
          lease.free(current);
          use(await lease.allocate(PART_BYTES));
        }
      }
      length = 0;
      lease.startPart();
    },
    finish: () => lease.finishReceiving(),
    release: () => lease.release(),
    peakBytes: () => peak,
  };
}
