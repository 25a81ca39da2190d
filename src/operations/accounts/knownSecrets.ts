/**
 * Remembers hashes of API keys that this isolate looked up: unknown ones, which are then rejected before the database
 * query, and accepted ones, which skip the check of their network for failed attempts.
 */
import { ExpiringKeys } from "../../kernel/expiringMap.ts";

/** How long an unknown key is rejected before the database query. */
export const UNKNOWN_KEY_MEMORY_MS = 60_000;
/** How long an accepted key is exempt from the check of its network. */
export const ACCEPTED_KEY_MEMORY_MS = 10 * 60_000;
/** Hashes remembered per kind, about 1 MB. */
export const MAX_REMEMBERED_KEYS = 10_000;

export const unknownKeys = new ExpiringKeys(MAX_REMEMBERED_KEYS);
export const acceptedKeys = new ExpiringKeys(MAX_REMEMBERED_KEYS);
