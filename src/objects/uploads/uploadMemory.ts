/**
 * The memory that all uploads of an isolate share. An upload allocates a buffer before it fills it, and waits in line
 * while the memory is full, which slows its client by back pressure. Deadlocks are impossible, because an upload that
 * holds one buffer can finish its part with it.
 *
 * Workers skip the `finally` blocks of a cancelled request. The first upload in line therefore revokes the buffers of
 * uploads that took longer than `MAX_PART_HOLD_MS` for a part, which also keeps slow clients from blocking the others.
 */
import { AppError } from "../../kernel/errors.ts";
import { waitingLine } from "./waitingLine.ts";

/** Buffers of all uploads of one isolate. While an image decoder needs more than the rest, uploads get less. */
export const MAX_UPLOAD_BUFFER_BYTES = 32 * 1024 * 1024;
/** Buffers that uploads may always take: two parts, so that one fills while the other is sent. */
export const MIN_UPLOAD_BUFFER_BYTES = 10 * 1024 * 1024;
/** Time to fill and send one buffer while others wait: 5 MiB at 87 KB/s. */
export const MAX_PART_HOLD_MS = 60_000;
const RETRY_AFTER_SECONDS = 10;

export interface UploadLease {
  /** Waits in line for a buffer, and restarts the clock of the part. Throws as `requireActive`. */
  allocate(bytes: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Returns a buffer if there is memory that nobody waits for; else null. */
  tryAllocate(bytes: number): Uint8Array<ArrayBuffer> | null;
  /** Frees a buffer of this lease at once: it becomes empty. */
  free(buffer: Uint8Array<ArrayBuffer>): void;
  /** Restarts the clock of the part. */
  startPart(): void;
  /** Throws `storage_unavailable` if the buffers were revoked. */
  requireActive(): void;
  /** The client has sent everything: the buffers stay valid until `release`. */
  finishReceiving(): void;
  /** Frees all buffers. May be called again. */
  release(): void;
}

export interface UploadMemory {
  lease(): UploadLease;
  /** Whether uploads should return buffers after each part: others wait, or more is used than `limit` allows. */
  isContended(): boolean;
  usedBytes(): number;
  /**
   * Allows at most `maxBytes` of buffers until `untilMs`, but at least `MIN_UPLOAD_BUFFER_BYTES`. Buffers above that are
   * freed as their parts end. Returns the number of bytes that it allows.
   */
  limit(maxBytes: number, untilMs: number): number;
}

interface LeaseState {
  buffers: Set<ArrayBuffer>;
  partStartedMs: number;
  isReceiving: boolean;
  isRevoked: boolean;
}

class BufferPool {
  readonly #leases = new Set<LeaseState>();
  readonly #maxBytes: number;
  readonly #maxPartHoldMs: number;
  usedBytes = 0;
  /** Expires by itself, because Workers skip the `finally` of a cancelled request. */
  #limit = { maxBytes: 0, untilMs: 0 };

  constructor(maxBytes: number, maxPartHoldMs: number) {
    this.#maxBytes = maxBytes;
    this.#maxPartHoldMs = maxPartHoldMs;
  }

  /** Returns null without memory. Counts the bytes before any `await`, at which other requests run. */
  take(state: LeaseState, bytes: number): Uint8Array<ArrayBuffer> | null {
    if (!this.#hasRoom(bytes)) return null;
    const buffer = new Uint8Array(bytes);
    this.usedBytes += bytes;
    state.buffers.add(buffer.buffer);
    this.#leases.add(state);
    return buffer;
  }

  /** `transfer` frees the memory at once; the garbage collector would do so at some time. */
  free(state: LeaseState, buffer: ArrayBuffer): void {
    if (!state.buffers.delete(buffer)) return;
    this.usedBytes -= buffer.byteLength;
    buffer.transfer(0);
    if (state.buffers.size === 0) this.#leases.delete(state);
  }

  /** Revokes the buffers of uploads that were too slow or cancelled, the oldest first, until there is room. */
  revokeOverdue(neededBytes: number): void {
    const nowMs = Date.now();
    for (const state of [...this.#leases].toSorted((a, b) => a.partStartedMs - b.partStartedMs)) {
      if (this.#hasRoom(neededBytes) || nowMs - state.partStartedMs <= this.#maxPartHoldMs) return;
      state.isRevoked = true;
      if (state.isReceiving) for (const buffer of state.buffers) this.free(state, buffer);
      else this.#forget(state);
    }
  }

  /** Stops counting buffers that may still be read: most likely their request was cancelled. */
  #forget(state: LeaseState): void {
    for (const buffer of state.buffers) this.usedBytes -= buffer.byteLength;
    state.buffers.clear();
    this.#leases.delete(state);
  }

  limit(maxBytes: number, untilMs: number): number {
    this.#limit = { maxBytes: Math.min(this.#maxBytes, Math.max(maxBytes, MIN_UPLOAD_BUFFER_BYTES)), untilMs };
    return this.#limit.maxBytes;
  }

  #hasRoom(bytes: number): boolean {
    const { maxBytes, untilMs } = this.#limit;
    return this.usedBytes + bytes <= (Date.now() < untilMs ? maxBytes : this.#maxBytes);
  }

  isOverLimit(): boolean {
    return !this.#hasRoom(0);
  }
}

function requireActive(state: LeaseState): void {
  if (!state.isRevoked) return;
  throw new AppError("storage_unavailable", "the upload was too slow while others waited; retry the request", {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}

/** Creates the memory of one isolate. */
export function createUploadMemory(maxBytes: number, maxPartHoldMs = MAX_PART_HOLD_MS): UploadMemory {
  const pool = new BufferPool(maxBytes, maxPartHoldMs);
  const line = waitingLine();
  const isContended = () => line.hasWaiters() || pool.isOverLimit();

  async function allocate(state: LeaseState, bytes: number): Promise<Uint8Array<ArrayBuffer>> {
    let buffer = new Uint8Array();
    await line.wait(() => {
      if (state.isRevoked) return true;
      pool.revokeOverdue(bytes);
      const taken = pool.take(state, bytes);
      if (taken !== null) buffer = taken;
      return taken !== null;
    });
    requireActive(state);
    state.partStartedMs = Date.now();
    return buffer;
  }

  function lease(): UploadLease {
    const state: LeaseState = { buffers: new Set(), partStartedMs: Date.now(), isReceiving: true, isRevoked: false };
    const startPart = () => {
      state.partStartedMs = Date.now();
    };
    return {
      allocate: (bytes) => allocate(state, bytes),
      tryAllocate: (bytes) => (isContended() ? null : pool.take(state, bytes)),
      free: (buffer) => pool.free(state, buffer.buffer),
      startPart,
      requireActive: () => requireActive(state),
      finishReceiving: () => {
        requireActive(state);
        startPart();
        state.isReceiving = false;
      },
      release: () => {
        for (const buffer of state.buffers) pool.free(state, buffer);
      },
    };
  }

  return {
    lease,
    isContended,
    usedBytes: () => pool.usedBytes,
    limit: (bytes, untilMs) => pool.limit(bytes, untilMs),
  };
}

/** The memory of this isolate. */
export const uploadMemory = createUploadMemory(MAX_UPLOAD_BUFFER_BYTES);
