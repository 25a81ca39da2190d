/** A queue that keeps its messages for the test to look at, so that no consumer works behind a test's back. */

export interface KeptQueue {
  binding: Queue;
  sent: unknown[];
}

export function keptQueue(failure: Error | null = null): KeptQueue {
  const sent: unknown[] = [];
  const send = (message: unknown): Promise<void> => {
    if (failure !== null) return Promise.reject(failure);
    sent.push(message);
    return Promise.resolve();
  };
  const sendBatch = async (messages: Iterable<MessageSendRequest>): Promise<void> => {
    for (const { body } of messages) await send(body);
  };
  return { binding: { send, sendBatch } as unknown as Queue, sent };
}
