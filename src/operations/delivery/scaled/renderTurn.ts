/** Bounds the originals that are sent to Cloudflare Images at once: parts of each wait in the isolate's memory. */
import { waitingLine } from "../../../objects/uploads/waitingLine.ts";

/** Sum of the files that are sent at once. A larger file is sent alone. */
export const MAX_RENDER_INPUT_BYTES_AT_ONCE = 20 * 1024 * 1024;
/** A file counts no longer than this, because Workers skip the `finally` of a cancelled request. */
export const MAX_RENDER_HOLD_MS = 120_000;

interface Sent {
  sizeBytes: number;
  startedMs: number;
}

const sending = new Set<Sent>();
const line = waitingLine();

function hasRoom(sizeBytes: number): boolean {
  const nowMs = Date.now();
  for (const sent of sending) if (nowMs - sent.startedMs > MAX_RENDER_HOLD_MS) sending.delete(sent);
  const usedBytes = [...sending].reduce((sum, sent) => sum + sent.sizeBytes, 0);
  return usedBytes === 0 || usedBytes + sizeBytes <= MAX_RENDER_INPUT_BYTES_AT_ONCE;
}

/** Runs `render`, which sends a file of `sizeBytes`, once the files before it leave room. */
export async function withRenderInput<T>(sizeBytes: number, render: () => Promise<T>): Promise<T> {
  const sent: Sent = { sizeBytes, startedMs: 0 };
  await line.wait(() => {
    if (!hasRoom(sizeBytes)) return false;
    sent.startedMs = Date.now();
    sending.add(sent);
    return true;
  });
  try {
    return await render();
  } finally {
    sending.delete(sent);
  }
}
