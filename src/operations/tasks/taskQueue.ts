/** The queue rings for work that waits in the database. It says nothing of the work: the rows do. */
import { z } from "zod";
import { warn } from "../../kernel/log.ts";
import type { Bell } from "./taskOutcome.ts";

/** An asset has tasks to be done. */
export const workMessage = z.object({ assetId: z.string() });

/** A library's trash was emptied of more than one request deletes. */
export const emptiedMessage = z.object({ emptiedLibraryId: z.string() });

/**
 * One message per asset. A bell that fails to ring loses nothing, since the sweep rings for whatever stays open too
 * long; so the upload that wanted it still succeeds.
 */
export async function ring(bell: Bell, assetId: string): Promise<void> {
  await send(bell, { assetId } satisfies z.input<typeof workMessage>, { asset_id: assetId });
}

/** Nor here: the schedule finds what is left by itself. */
export async function ringForEmptied(bell: Bell, libraryId: string): Promise<void> {
  await send(bell, { emptiedLibraryId: libraryId } satisfies z.input<typeof emptiedMessage>, { library_id: libraryId });
}

async function send(bell: Bell, message: unknown, about: Record<string, string>): Promise<void> {
  try {
    await bell.send(message);
  } catch (error) {
    warn("the queue did not take a message; the sweep will ring again", { ...about, error: String(error) });
  }
}

/** What rings for many at once. */
export type ManyBell = Pick<Queue, "sendBatch">;

/** The queue's own limit for one batch. */
const MAX_MESSAGES = 100;

export async function ringAll(bell: ManyBell, assetIds: string[]): Promise<void> {
  for (let i = 0; i < assetIds.length; i += MAX_MESSAGES) {
    const messages = assetIds.slice(i, i + MAX_MESSAGES).map((assetId) => ({ body: { assetId } }));
    try {
      await bell.sendBatch(messages satisfies { body: z.input<typeof workMessage> }[]);
    } catch (error) {
      warn("the queue took no messages; the sweep will ring again", { assets: messages.length, error: String(error) });
    }
  }
}
