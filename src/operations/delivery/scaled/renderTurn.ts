/** Bounds the originals that are sent to Cloudflare Images at once: parts of each wait in the isolate's memory. */
import { turns } from "./turns.ts";

/** Sum of the files that are sent at once. A larger file is sent alone. */
export const MAX_RENDER_INPUT_BYTES_AT_ONCE = 20 * 1024 * 1024;
/** Longest turn of a file. */
export const MAX_RENDER_HOLD_MS = 120_000;

const renderTurns = turns(MAX_RENDER_INPUT_BYTES_AT_ONCE, MAX_RENDER_HOLD_MS);

/** Runs `render`, which sends a file of `sizeBytes`, once the files before it leave room. */
export async function withRenderInput<T>(sizeBytes: number, render: () => Promise<T>): Promise<T> {
  const end = await renderTurns.take(sizeBytes);
  try {
    return await render();
  } finally {
    end();
  }
}
