/** The memory of an isolate: values and keys with an expiry, and a bound on their number. */

/** Values with an expiry; the oldest is forgotten when the memory is full. */
export class ExpiringMap<V> {
  private readonly entries = new Map<string, { value: V; expiresAtMs: number }>();
  private readonly maxEntries: number;

  constructor(maxEntries: number) {
    this.maxEntries = maxEntries;
  }

  get(key: string, nowMs: number): V | undefined {
    const entry = this.entries.get(key);
    return entry !== undefined && entry.expiresAtMs > nowMs ? entry.value : undefined;
  }

  set(key: string, value: V, expiresAtMs: number): void {
    // A Map iterates in order of insertion.
    this.entries.delete(key);
    this.entries.set(key, { value, expiresAtMs });
    const [oldest] = this.entries.keys();
    if (this.entries.size > this.maxEntries && oldest !== undefined) this.entries.delete(oldest);
  }

  deleteWhere(matches: (value: V) => boolean): void {
    for (const [key, { value }] of this.entries) if (matches(value)) this.entries.delete(key);
  }
}

/** Keys with an expiry. */
export class ExpiringKeys {
  private readonly keys: ExpiringMap<true>;

  constructor(maxKeys: number) {
    this.keys = new ExpiringMap(maxKeys);
  }

  has(key: string, nowMs: number): boolean {
    return this.keys.get(key, nowMs) === true;
  }

  add(key: string, expiresAtMs: number): void {
    this.keys.set(key, true, expiresAtMs);
  }
}
