/** A queue that records messages without a consumer, or rejects them with `failure`. */

export interface RecordingQueue {
  binding: Queue;
  sent: unknown[];
}

export function recordingQueue(failure: Error | null = null): RecordingQueue {
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
