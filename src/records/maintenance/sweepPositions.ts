/** Positions of the scheduled sweeps, from which the next run continues. */
import { eq } from "drizzle-orm";
import type { Database } from "../database.ts";
import { sweepPositions } from "../schema/schema.ts";

export type Sweep = typeof sweepPositions.$inferSelect;

export async function findSweep(db: Database, name: string): Promise<Sweep | null> {
  return (await db.orm.select().from(sweepPositions).where(eq(sweepPositions.name, name)).get()) ?? null;
}

export async function findSweepPosition(db: Database, name: string): Promise<string | null> {
  return (await findSweep(db, name))?.position ?? null;
}

export async function saveSweepPosition(db: Database, name: string, position: string, atMs: number): Promise<void> {
  await db.orm
    .insert(sweepPositions)
    .values({ name, position, updatedAt: atMs })
    .onConflictDoUpdate({ target: sweepPositions.name, set: { position, updatedAt: atMs } });
}
