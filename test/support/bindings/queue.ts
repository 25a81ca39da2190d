/** A queue that records messages without a consumer, or rejects them with `failure`. */

import { indexMessage } from "../../../src/operations/search/indexing/indexQueue.ts";

export interface RecordingQueue {
  binding: Queue;
  /** Without the messages that start the indexing for the search, which nearly every change sends. */
  sent: unknown[];
  indexing: unknown[];
}

export function recordingQueue(failure: Error | null = null): RecordingQueue {
  const sent: unknown[] = [];
  const indexing: unknown[] = [];
  const send = (message: unknown): Promise<void> => {
    if (failure !== null) return Promise.reject(failure);
    (indexMessage.safeParse(message).success ? indexing : sent).push(message);
    return Promise.resolve();
  };
  const sendBatch = async (messages: Iterable<MessageSendRequest>): Promise<void> => {
    for (const { body } of messages) await send(body);
  };
  return { binding: { send, sendBatch } as unknown as Queue, sent, indexing };
}
