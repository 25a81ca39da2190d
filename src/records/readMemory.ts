/**
 * Remembers rows for seconds, so that requests of the same file or page that follow each other need no round trip. Any
 * change that this isolate makes ends all of it; a change of another isolate takes effect when the time is over.
 */
import { ExpiringMap } from "../kernel/expiringMap.ts";

/** Changes that this isolate has made to its databases. */
let changeCount = 0;

/** Ends what is remembered. Called after a change, because a read that began before it may still return old rows. */
export function noteChange(): void {
  changeCount += 1;
}

export interface ReadMemoryLimits {
  lifetimeMs: number;
  maxEntries: number;
}

/** Values by the binding of their database and a key. */
export class ReadMemory<V> {
  private readonly byDatabase = new WeakMap<object, ExpiringMap<{ value: V; changeCount: number }>>();
  private readonly limits: ReadMemoryLimits;

  constructor(limits: ReadMemoryLimits) {
    this.limits = limits;
  }

  get(binding: object, key: string, nowMs: number): V | undefined {
    const entry = this.byDatabase.get(binding)?.get(key, nowMs);
    return entry?.changeCount === changeCount ? entry.value : undefined;
  }

  /** Begins a read. The result remembers its value, unless this isolate changed a database meanwhile. */
  begin(binding: object, key: string, nowMs: number): (value: V) => void {
    const countBefore = changeCount;
    return (value) => {
      if (changeCount !== countBefore) return;
      const entries = this.byDatabase.get(binding) ?? new ExpiringMap(this.limits.maxEntries);
      this.byDatabase.set(binding, entries);
      entries.set(key, { value, changeCount }, nowMs + this.limits.lifetimeMs);
    };
  }
}
