/** Rows read by one integrity report: `npm run bench:rows` prints them with the other tables. */
import { env } from "cloudflare:workers";
import { checkIntegrity } from "../src/operations/maintenance/integrity.ts";
import { originalKey, renditionKey } from "../src/objects/keys.ts";
import { seedLibrary } from "../test/support/rows/seed.ts";
import { SEEDED_VERSION_ID } from "../test/support/clients/tenants.ts";
import { sqlAll } from "../test/support/clients/account.ts";
import { measureCost, principal, tableHeader, tableRow } from "./measureCost.ts";

const HOUR_MS = 3600_000;
const VARIANTS = ["thumbnail", "small", "preview"];
const SIZE = "x".repeat(1000);

async function storeObjects(libraryId: string): Promise<void> {
  for (const { id } of await sqlAll("SELECT id FROM assets WHERE library_id = ?", libraryId)) {
    const assetId = String(id);
    await env.BUCKET.put(originalKey(assetId, SEEDED_VERSION_ID), SIZE);
    for (const variant of VARIANTS) await env.BUCKET.put(renditionKey(assetId, SEEDED_VERSION_ID, variant), "x");
  }
}

/** A library of photos with three renditions each, and the rows of a report and of a run without a due report. */
export async function integrityTable(photos: number): Promise<string[]> {
  const { libraryId } = await seedLibrary(principal.userId, photos);
  await storeObjects(libraryId);
  const lines = tableHeader(["run"], ["rows read", "round trips"]);
  for (const name of [`report of ${photos} photos, ${4 * photos} objects`, "no report due"]) {
    // Younger objects may belong to an upload in progress and are not looked up.
    const nowMs = Date.now() + 2 * HOUR_MS;
    const { rowsRead, roundTrips } = await measureCost(
      async (context) => await checkIntegrity({ ...context, nowMs }, 1000),
    );
    lines.push(tableRow(name, rowsRead, roundTrips));
  }
  return lines;
}
