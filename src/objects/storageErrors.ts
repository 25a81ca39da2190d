/** Maps failures of R2 to `storage_unavailable`. */
import { AppError } from "../kernel/errors.ts";

const RETRY_AFTER_SECONDS = 5;

/** Runs an R2 call. Any error of it is thrown as `storage_unavailable`. */
export async function fromStorage<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw new AppError("storage_unavailable", "object storage is temporarily unavailable; retry the request", {
      retryAfterSeconds: RETRY_AFTER_SECONDS,
      cause: error,
    });
  }
}
