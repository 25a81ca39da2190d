/** Calls every published operation as each caller without access: asserts the status and that no data leaks. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { ROOT_API_KEY } from "../support/clients/api.ts";
import { findLeaks, readTenantRows } from "../support/clients/otherTenant.ts";
import { getRootOwner } from "../support/clients/account.ts";
import { signIn } from "../support/clients/sessions.ts";
import { insertKey, insertTenant } from "../support/clients/tenants.ts";
import { accessRules, isForbiddenToKeys, type AccessRule } from "./accessRules.ts";
import {
  allCanaries,
  createRequest,
  findAccessViolations,
  insertOwnEntities,
  operations,
  otherTenant,
  prepareSweep,
  protectedOperations,
  ruleFor,
  send,
  statusForOtherTenant,
} from "./accessSweep.ts";

beforeAll(prepareSweep);

describe("the access rules", () => {
  it("cover exactly the published operations", () => {
    expect(Object.keys(accessRules).toSorted()).toEqual(operations.map(({ title }) => title).toSorted());
  });
});

/** The first look at an image renders it, and the rendition counts as storage. */
function withoutDerivedSizes(rows: string): string {
  return rows.replaceAll(/"(storage_used_bytes|derived_bytes)": \d+/g, '"$1": 0');
}

describe("every protected operation", { timeout: 30_000 }, () => {
  it("returns 401 without a credential, with a revoked key or expired key, and with a token of an ended session", async () => {
    const revoked = await insertKey({ userId: otherTenant.userId, isActive: false });
    const expired = await insertKey({ userId: otherTenant.userId, expiresAt: 1 });
    const ended = await signIn(otherTenant.userId);
    await env.DB.prepare("UPDATE sessions SET ended_at = 1, expires_at = 1 WHERE id = ?").bind(ended.sessionId).run();
    const unprotected: string[] = [];
    for (const operation of protectedOperations) {
      for (const token of [null, revoked.secret, expired.secret, ended.token]) {
        const request = createRequest(operation, otherTenant.ids);
        const { status, text } = await send(request, token);
        if (status !== 401 || findLeaks(text, otherTenant, request.sent, allCanaries).length > 0)
          unprotected.push(`${operation.title} ${status}`);
      }
    }
    expect(unprotected).toEqual([]);
  });

  it("returns 403 to a read-only key if it writes, and the owner's data if it reads", async () => {
    const before = withoutDerivedSizes(await readTenantRows(otherTenant));
    const { secret } = await insertKey({
      userId: otherTenant.userId,
      libraryIds: [otherTenant.libraryId],
      actions: ["read"],
    });
    const violations: string[] = [];
    for (const operation of protectedOperations) {
      const { requires, returnsOwnData = true } = ruleFor(operation);
      const request = createRequest(operation, otherTenant.ids);
      const { status, text } = await send(request, secret);
      if (status !== (requires === "read" ? 200 : 403))
        violations.push(`${operation.title}: ${status} ${text.slice(-200)}`);
      // Canaries must appear in the owner's own responses, or the leak checks below would prove nothing.
      const leaks = findLeaks(text, otherTenant, requires === "read" ? "" : request.sent, allCanaries);
      if (leaks.length > 0 !== (requires === "read" && returnsOwnData))
        violations.push(`${operation.title} leaks ${leaks.join(", ")}`);
    }
    expect(violations).toEqual([]);
    expect(withoutDerivedSizes(await readTenantRows(otherTenant))).toBe(before);
  });
});

describe("another tenant's data", { timeout: 60_000 }, () => {
  it("is not readable or writable by another user with every action", async () => {
    const before = await readTenantRows(otherTenant);
    const caller = await insertTenant();
    const ownIds = await insertOwnEntities(caller);
    const status = (rule: AccessRule): number => (isForbiddenToKeys(rule) ? 403 : statusForOtherTenant(rule));
    expect(await findAccessViolations({ token: caller.secret, ownIds, status, canaries: allCanaries })).toEqual([]);
    expect(await readTenantRows(otherTenant)).toBe(before);
  });

  it("is not readable or writable by another signed-in user", async () => {
    const caller = await insertTenant();
    const { token } = await signIn(caller.userId);
    const ownIds = await insertOwnEntities(caller);
    const before = await readTenantRows(otherTenant);
    const status = (rule: AccessRule): number => (rule.requires === "owner" ? 403 : statusForOtherTenant(rule));
    expect(await findAccessViolations({ token, ownIds, status, canaries: allCanaries })).toEqual([]);
    expect(await readTenantRows(otherTenant)).toBe(before);
  });

  it("is not readable or writable with the root key", async () => {
    const before = await readTenantRows(otherTenant);
    const ownIds = await insertOwnEntities(await getRootOwner());
    expect(
      await findAccessViolations({
        token: ROOT_API_KEY,
        ownIds,
        status: statusForOtherTenant,
        canaries: allCanaries,
      }),
    ).toEqual([]);
    expect(await readTenantRows(otherTenant)).toBe(before);
  });

  it("is not readable or writable with the owner's key for another library", async () => {
    const { secret: token } = await insertKey({ userId: otherTenant.userId, libraryIds: [otherTenant.otherLibraryId] });
    const status = (rule: AccessRule): number =>
      isForbiddenToKeys(rule) ? 403 : (rule.restrictedKeyStatus ?? statusForOtherTenant(rule));
    const ownIds = await insertOwnEntities({ userId: otherTenant.userId, libraryId: otherTenant.otherLibraryId });
    const before = await readTenantRows(otherTenant);
    const canaryNames = ["content", "library"] as const;
    expect(
      await findAccessViolations({ token, ownIds, status, canaries: canaryNames, knownIds: [otherTenant.userId] }),
    ).toEqual([]);
    expect(await readTenantRows(otherTenant)).toBe(before);
  });
});

describe("a trashed library", { timeout: 60_000 }, () => {
  it("is hidden from its owner by every operation except those on the library itself", async () => {
    const { secret: token } = await insertKey({ userId: otherTenant.userId });
    const ownIds = await insertOwnEntities({ userId: otherTenant.userId, libraryId: otherTenant.otherLibraryId });
    const beforeEach = async (): Promise<void> => {
      await env.DB.prepare("UPDATE libraries SET trashed_at = 5, purge_at = 9e15 WHERE id = ?")
        .bind(otherTenant.libraryId)
        .run();
    };
    const status = (rule: AccessRule): number =>
      isForbiddenToKeys(rule) ? 403 : (rule.trashedLibraryStatus ?? statusForOtherTenant(rule));
    const knownIds = [otherTenant.userId, otherTenant.libraryId];
    expect(await findAccessViolations({ token, ownIds, status, canaries: ["content"], knownIds, beforeEach })).toEqual(
      [],
    );
  });
});
