import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../../src/kernel/ids.ts";
import { originalKey } from "../../../src/objects/keys.ts";
import { checkIntegrity } from "../../../src/operations/maintenance/integrity.ts";
import { integritySchema } from "../../../src/routes/maintenance/schemas.ts";
import { expectAsset, expectError } from "../../support/clients/responses.ts";
import { call, uniqueBytes } from "../../support/clients/api.ts";
import { getRootOwner } from "../../support/clients/account.ts";
import { insertKey, insertTenant } from "../../support/clients/tenants.ts";
import { uploadWithoutConsumer } from "../../support/clients/uploads.ts";
import { testContext } from "../../support/context.ts";

const HOUR_MS = 3600_000;

async function readReport() {
  const response = await call("GET", "/api/integrity");
  expect(response.status).toBe(200);
  return integritySchema.parse(await response.json());
}

async function runCheck(steps?: number): Promise<void> {
  const nowMs = Date.now() + 2 * HOUR_MS;
  await checkIntegrity(testContext({ nowMs }), steps);
}

let ownerId = "";
beforeAll(async () => {
  ownerId = (await getRootOwner()).userId;
});

describe("GET /api/integrity", () => {
  it("returns null before the first check completes", async () => {
    expect(await readReport()).toMatchObject({ report: null, running: null });
  });

  it("returns the progress of the check and then its findings", async () => {
    const lost = await expectAsset(await uploadWithoutConsumer(uniqueBytes()), 201);
    const short = await expectAsset(await uploadWithoutConsumer(uniqueBytes(64)), 201);
    await env.BUCKET.delete(originalKey(lost.id, lost.current_version_id));
    await env.BUCKET.put(originalKey(short.id, short.current_version_id), "short");
    const orphan = originalKey(newId("asset"), newId("assetVersion"));
    await env.BUCKET.put(orphan, "orphan");
    await runCheck(1);
    expect(await readReport()).toMatchObject({ report: null, running: { assets_checked: 2, objects_checked: 2 } });
    await runCheck();
    expect(await readReport()).toMatchObject({
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

  it("requires the owner of the deployment", async () => {
    const { secret } = await insertKey({ userId: ownerId });
    await expectError(await call("GET", "/api/integrity", { token: secret }), 403);
    await expectError(await call("GET", "/api/integrity", { token: (await insertTenant()).secret }), 403);
    await expectError(await call("GET", "/api/integrity", { token: null }), 401);
  });
});
