/** Storage limits of users and libraries. */
import { AppError } from "../../kernel/errors.ts";
import type { StorageUsage } from "../../records/libraries/libraries.ts";

function isFull({ usedBytes, limitBytes }: StorageUsage): boolean {
  return limitBytes !== null && usedBytes >= limitBytes;
}

/**
 * Checks whether another file may be stored; null skips a check.
 *
 * @throws {AppError} `storage_limit_exceeded` if the user or the library has reached its limit.
 */
export function checkStorageLimits(user: StorageUsage | null, library: StorageUsage | null): void {
  if (user !== null && isFull(user)) throw new AppError("storage_limit_exceeded", "User storage limit exceeded");
  if (library !== null && isFull(library)) {
    throw new AppError("storage_limit_exceeded", "Library storage limit exceeded");
  }
}
