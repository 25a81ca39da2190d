/** A queue consumer that logs while a file ends lets the run stall if Vitest intercepts the console. */
import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";

const MESSAGE = { body: "of unknown shape" };
const BATCH = Array.from({ length: 10 }, () => MESSAGE);
const BATCHES = 100;

it("a file ends although a queue consumer still logs", async () => {
  const warn = vi.spyOn(console, "warn");
  const waitForLines = (count: number): Promise<void> =>
    vi.waitFor(() => expect(warn.mock.calls.length).toBeGreaterThanOrEqual(count), { timeout: 25_000, interval: 10 });
  // The first message loads the consumer.
  await env.TEST_QUEUE.sendBatch([MESSAGE]);
  await waitForLines(1);
  for (let count = 0; count < BATCHES; count++) setTimeout(() => void env.TEST_QUEUE.sendBatch(BATCH), count * 4);
  await waitForLines(20);
});
