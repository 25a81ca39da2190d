/** Pages of a list that is streamed as one response, which holds one page in memory. */

async function* prepend<T>(first: IteratorResult<T>, rest: AsyncGenerator<T>): AsyncGenerator<T> {
  if (first.done === true) return;
  yield first.value;
  yield* rest;
}

/** Reads the first page, because errors can only be sent before the response. */
export async function startPages<T>(pages: AsyncGenerator<T>): Promise<AsyncGenerator<T>> {
  return prepend(await pages.next(), pages);
}
