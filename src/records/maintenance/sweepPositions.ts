/** How far each scheduled sweep has come, so that the next one starts there. */
import { eq } from "drizzle-orm";
import type { Database } from "../database.ts";
import { sweeps } from "../schema/schema.ts";

export async function findSweepPosition(db: Database, name: string): Promise<string | null> {
  return (await db.orm.select().from(sweeps).where(eq(sweeps.name, name)).get())?.position ?? null;
}

export async function saveSweepPosition(db: Database, name: string, position: string, atMs: number): Promise<void> {
  await db.orm
    .insert(sweeps)
    .values({ name, position, updatedAt: atMs })
    .onConflictDoUpdate({ target: sweeps.name, set: { position, updatedAt: atMs } });
}
