import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../../src/kernel/ids.ts";
import { originalKey } from "../../../src/objects/keys.ts";
import { checkIntegrity } from "../../../src/operations/maintenance/integrity.ts";
import { openDatabase } from "../../../src/records/database.ts";
import { integritySchema } from "../../../src/routes/maintenance/schemas.ts";
import { assetOf, refusalOf } from "../../support/clients/answers.ts";
import { call, uniqueBytes } from "../../support/clients/api.ts";
import { insertKey, insertTenant, rootOwner } from "../../support/clients/tenants.ts";
import { quietUpload } from "../../support/clients/uploads.ts";

const HOUR_MS = 3600_000;

async function read() {
  const response = await call("GET", "/api/integrity");
  expect(response.status).toBe(200);
  return integritySchema.parse(await response.json());
}

async function check(steps?: number): Promise<void> {
  const nowMs = Date.now() + 2 * HOUR_MS;
  await checkIntegrity({ db: openDatabase(env.DB, "primary"), bucket: env.BUCKET, nowMs }, steps);
}

let ownerId = "";
beforeAll(async () => {
  ownerId = (await rootOwner()).userId;
});

describe("the integrity report", () => {
  it("is null before the first walk", async () => {
    expect(await read()).toEqual({ report: null, running: null });
  });

  it("tells the progress of the walk, and then what it found", async () => {
    const lost = await assetOf(await quietUpload(uniqueBytes()), 201);
    const short = await assetOf(await quietUpload(uniqueBytes(64)), 201);
    await env.BUCKET.delete(originalKey(lost.id, lost.current_version_id));
    await env.BUCKET.put(originalKey(short.id, short.current_version_id), "short");
    const orphan = originalKey(newId("asset"), newId("assetVersion"));
    await env.BUCKET.put(orphan, "orphan");
    await check(1);
    expect(await read()).toMatchObject({ report: null, running: { assets_checked: 2, objects_checked: 2 } });
    await check();
    expect(await read()).toMatchObject({
      report: {
        assets_checked: 2,
        objects_checked: 2,
        missing_count: 1,
        missing_objects: [lost.id],
        orphan_count: 1,
        orphan_objects: [{ key: orphan, size_bytes: 6 }],
        mismatch_count: 1,
        size_mismatches: [{ asset_id: short.id, expected_bytes: 64, stored_bytes: 5 }],
      },
      running: null,
    });
  });

  it("is for the owner's root key alone", async () => {
    const { secret } = await insertKey({ userId: ownerId });
    await refusalOf(await call("GET", "/api/integrity", { token: secret }), 403);
    await refusalOf(await call("GET", "/api/integrity", { token: (await insertTenant()).secret }), 403);
    await refusalOf(await call("GET", "/api/integrity", { token: null }), 401);
  });
});
