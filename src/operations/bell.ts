/** The queue rings for an asset's deferred work. It says nothing of the work: the tasks' rows do. */
import { z } from "zod";
import { warn } from "../kernel/log.ts";
import type { Bell } from "./taskOutcome.ts";

export const workMessage = z.object({ assetId: z.string() });

/**
 * One message per asset. A bell that fails to ring loses nothing, since the sweep rings for whatever stays open too
 * long; so the upload that wanted it still succeeds.
 */
export async function ring(bell: Bell, assetId: string): Promise<void> {
  try {
    await bell.send({ assetId } satisfies z.input<typeof workMessage>);
  } catch (error) {
    warn("the queue did not take a message; the sweep will ring again", { asset_id: assetId, error: String(error) });
  }
}
