/** Streams a JSON array: the unpaginated lists of the API. */

async function* jsonArrayText<T>(pages: AsyncIterable<T[]>, serialize: (item: T) => unknown): AsyncGenerator<string> {
  let separator = "[";
  for await (const page of pages) {
    for (const item of page) {
      yield separator + JSON.stringify(await serialize(item));
      separator = ",";
    }
  }
  yield separator === "[" ? "[]" : "]";
}

/** Pull-based, so that a page is read only after the client has consumed the previous one. */
export function jsonArrayStream<T>(
  pages: AsyncIterable<T[]>,
  serialize: (item: T) => unknown,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const chunks = jsonArrayText(pages, serialize);
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await chunks.next();
      if (next.done === true) controller.close();
      else controller.enqueue(encoder.encode(next.value));
    },
    async cancel() {
      await chunks.return(undefined);
    },
  });
}

export const JSON_ARRAY_HEADERS = { "Content-Type": "application/json" } as const;
