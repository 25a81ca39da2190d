/** Pages of lists: their cursor, and lists that are streamed as one response with one page in memory. */
import { AppError } from "../kernel/errors.ts";

async function* prepend<T>(first: IteratorResult<T>, rest: AsyncGenerator<T>): AsyncGenerator<T> {
  if (first.done === true) return;
  yield first.value;
  yield* rest;
}

/** Reads the first page, because errors can only be sent before the response. */
export async function startPages<T>(pages: AsyncGenerator<T>): Promise<AsyncGenerator<T>> {
  return prepend(await pages.next(), pages);
}

/**
 * Checks the cursor of a page, which must be an item of the library.
 *
 * @throws {AppError} `bad_request` for an unknown cursor, or one of another library.
 */
export function requireCursor(
  startingAfterId: string | null,
  cursorLibraryId: string | null | undefined,
  libraryId: string,
  item: string,
): void {
  if (startingAfterId === null || cursorLibraryId === libraryId) return;
  throw new AppError("bad_request", `starting_after_id: ${item} not found in this library`);
}
