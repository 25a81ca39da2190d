/** The state of an imitated Cloudflare account. */
import type { DatabaseSync } from "node:sqlite";

export interface StoredDatabase {
  uuid: string;
  name: string;
  jurisdiction: string | null;
  location: string | null;
  replication: "auto" | "disabled";
  sqlite: DatabaseSync;
}

export interface StoredBucket {
  name: string;
  jurisdiction: string;
  location: string | null;
  localUploads: boolean;
}

export interface StoredQueue {
  id: string;
  name: string;
  consumers: { script: string; settings: unknown }[];
}

/** What an upload of a Worker contained. */
export interface UploadedWorker {
  /** The `metadata` part: bindings, limits, cache, placement. */
  metadata: { bindings: { type: string; name: string; text?: string; id?: string }[]; [field: string]: unknown };
  crons: string[];
  isOnWorkersDev: boolean;
  domains: string[];
}

/** An answer that replaces the next ones of the matching requests. */
export interface Fault {
  method: string;
  path: RegExp;
  status: number;
  code: number;
  message: string;
  /** Requests that the fault answers. */
  times: number;
}

export interface Account {
  id: string;
  name: string;
  /** The free plan rejects CPU limits and has fewer cron triggers. */
  plan: "free" | "paid";
  isR2Enabled: boolean;
  subdomain: string | null;
  zones: string[];
  databases: StoredDatabase[];
  buckets: StoredBucket[];
  queues: StoredQueue[];
  workers: Map<string, UploadedWorker>;
  secrets: Map<string, Set<string>>;
  faults: Fault[];
  /** Each request, as `METHOD path`. */
  requests: string[];
  /** Requests that the imitation has no answer for. */
  unknown: string[];
}

/** A new account with R2 and a workers.dev subdomain, and without resources. */
export function newAccount(changes: Partial<Account> = {}): Account {
  return {
    id: "0123456789abcdef0123456789abcdef",
    name: "A family",
    plan: "paid",
    isR2Enabled: true,
    subdomain: "family",
    zones: ["example.com"],
    databases: [],
    buckets: [],
    queues: [],
    workers: new Map(),
    secrets: new Map(),
    faults: [],
    requests: [],
    unknown: [],
    ...changes,
  };
}
