/** What R2's failures are called here. Knows nothing of keys or of what is stored. */
import { AppError } from "../kernel/errors.ts";

const RETRY_AFTER_SECONDS = 5;

export function storageUnavailable(cause: unknown): AppError {
  return new AppError("storage_unavailable", "the object store did not answer as it should; try again", {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
    cause,
  });
}

/** The result of one R2 call; whatever it fails with is the store's failure, not the caller's. */
export async function fromStorage<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw storageUnavailable(error);
  }
}
