/** Changes a few byte ranges of a file while it streams. */

/** Replaces `length` bytes at `offset`; a length of 0 inserts. */
export interface BytePatch {
  offset: number;
  length: number;
  bytes: Uint8Array;
}

export function removal(offset: number, length: number): BytePatch {
  return { offset, length, bytes: new Uint8Array(0) };
}

export function insertion(offset: number, bytes: Uint8Array): BytePatch {
  return { offset, length: 0, bytes };
}

export function replacement(offset: number, bytes: Uint8Array): BytePatch {
  return { offset, length: bytes.length, bytes };
}

async function* patchedChunks(
  chunks: AsyncIterable<Uint8Array>,
  patches: readonly BytePatch[],
): AsyncGenerator<Uint8Array, void, undefined> {
  let at = 0;
  /** Bytes up to here are already replaced. */
  let replacedTo = 0;
  let next = 0;
  for await (const chunk of chunks) {
    const end = at + chunk.length;
    let from = Math.max(at, replacedTo);
    for (let patch = patches[next]; patch !== undefined && patch.offset < end; patch = patches[++next]) {
      if (patch.offset > from) yield chunk.subarray(from - at, patch.offset - at);
      if (patch.bytes.length > 0) yield patch.bytes;
      replacedTo = Math.max(replacedTo, patch.offset + patch.length);
      from = Math.max(from, replacedTo);
    }
    if (from < end) yield chunk.subarray(from - at);
    at = end;
  }
  for (const patch of patches.slice(next)) if (patch.offset <= at && patch.bytes.length > 0) yield patch.bytes;
}

async function* reportErrors(
  chunks: AsyncIterable<Uint8Array>,
  onReadError: (error: unknown) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* chunks;
  } catch (error) {
    onReadError(error);
    throw error;
  }
}

/**
 * Applies non-overlapping patches to a stream. Cancelling the result cancels `body`. `onReadError` is called when
 * `body` breaks off, which its reader may take for the end of the file.
 */
export function applyPatches(
  body: ReadableStream<Uint8Array>,
  patches: readonly BytePatch[],
  onReadError: (error: unknown) => void = () => {},
): ReadableStream<Uint8Array> {
  const chunks = patchedChunks(
    reportErrors(body, onReadError),
    patches.toSorted((a, b) => a.offset - b.offset),
  );
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const next = await chunks.next();
      if (next.done === true) controller.close();
      else controller.enqueue(next.value);
    },
    // Returning a generator before its first step leaves the body open.
    cancel: async (reason) => {
      await chunks.return();
      if (!body.locked) await body.cancel(reason);
    },
  });
}
