/**
 * Remembers hashes of API keys that this isolate looked up: unknown ones, which are then rejected before the database
 * query, and accepted ones, which skip the check of their network for failed attempts.
 */

/** How long an unknown key is rejected before the database query. */
export const UNKNOWN_KEY_MEMORY_MS = 60_000;
/** How long an accepted key is exempt from the check of its network. */
export const ACCEPTED_KEY_MEMORY_MS = 10 * 60_000;
/** Hashes remembered per kind, about 1 MB. */
export const MAX_REMEMBERED_KEYS = 10_000;

/** Keys with an expiry; the oldest is forgotten when the memory is full. */
export class ExpiringKeys {
  private readonly expiries = new Map<string, number>();
  private readonly maxKeys: number;

  constructor(maxKeys: number) {
    this.maxKeys = maxKeys;
  }

  has(key: string, nowMs: number): boolean {
    return (this.expiries.get(key) ?? 0) > nowMs;
  }

  add(key: string, expiresAtMs: number): void {
    // A Map iterates in order of insertion.
    this.expiries.delete(key);
    this.expiries.set(key, expiresAtMs);
    const [oldest] = this.expiries.keys();
    if (this.expiries.size > this.maxKeys && oldest !== undefined) this.expiries.delete(oldest);
  }
}

export const unknownKeys = new ExpiringKeys(MAX_REMEMBERED_KEYS);
export const acceptedKeys = new ExpiringKeys(MAX_REMEMBERED_KEYS);
