/**
 * Calls every published operation as a member in each role, as somebody whose membership has ended, and as somebody who
 * holds an invitation: asserts the status, that nothing leaks, and that nothing changes without the right to.
 */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { countingD1 } from "../support/bindings/d1.ts";
import { call } from "../support/clients/api.ts";
import { findLeaks, readTenantRows } from "../support/clients/otherTenant.ts";
import { signIn } from "../support/clients/sessions.ts";
import { insertKey, insertMember, insertTenant } from "../support/clients/tenants.ts";
import type { Operation } from "../support/clients/openapi.ts";
import { CREATED_LIBRARY_NAME, isForbiddenToKeys, type AccessRule } from "./accessRules.ts";
import {
  allCanaries,
  createRequest,
  findAccessViolations,
  insertOwnEntities,
  otherTenant,
  prepareSweep,
  protectedOperations,
  ruleFor,
  send,
  statusForOtherTenant,
} from "./accessSweep.ts";

const TIMEOUT_MS = 120_000;

beforeAll(prepareSweep);

/** What no member may see of the owner, whatever the role. */
function ownersSecrets(): string[] {
  const { ids } = otherTenant;
  const hidden = ["invite_", "member_", "apikey_", "passkey_"].map((prefix) => ids[prefix] ?? `no ${prefix}`);
  return [...hidden, "@mail.test", "CanaryContent key", "CanaryContent passkey"];
}

type Role = "viewer" | "collaborator";

/** Null: the body decides, so that any answer but a refusal is right. */
function statusForMember(rule: AccessRule, role: Role, isSession: boolean): number | null {
  const { requires, memberStatus } = rule;
  if (requires === "owner" || (requires === "session" && !isSession)) return 403;
  if (memberStatus !== undefined) return memberStatus;
  if (requires === "session") return statusForOtherTenant(rule);
  if (requires === "read") return 200;
  return requires === "delete_permanently" || role === "viewer" ? 403 : null;
}

/** Names the library wherever an operation can: without it, the request would be about the caller's own library. */
function requestOf(operation: Operation) {
  const { ids } = otherTenant;
  const takesLibrary = operation.parameters?.some(({ name }) => name === "library_id") ?? false;
  return createRequest(
    operation,
    ids,
    takesLibrary && !operation.path.includes("{library_id}") ? { library_id: ids["lib_"] ?? "" } : {},
  );
}

interface MemberCaller {
  userId: string;
  token: string;
  role: Role;
  isSession: boolean;
}

async function insertMemberCaller(role: Role, kind: "key" | "session"): Promise<MemberCaller> {
  const { userId, secret } = await insertTenant();
  await insertMember(otherTenant.libraryId, userId, { role });
  const isSession = kind === "session";
  return { userId, role, isSession, token: isSession ? (await signIn(userId)).token : secret };
}

/** Undoes what the caller did to itself: leaving, and another own library, which makes requests ambiguous. */
async function reset(userId: string): Promise<void> {
  await env.DB.batch([
    env.DB.prepare("UPDATE library_members SET state = 'active', ended_at = NULL WHERE user_id = ?").bind(userId),
    env.DB.prepare("DELETE FROM libraries WHERE name = ?").bind(CREATED_LIBRARY_NAME),
  ]);
}

/** Changes that the role allows are left out: they come last, because they change what the others ask for. */
async function findMemberViolations(
  caller: MemberCaller,
  isTested: (status: number | null) => boolean,
): Promise<string[]> {
  const violations: string[] = [];
  for (const operation of protectedOperations) {
    const rule = ruleFor(operation);
    const expected = statusForMember(rule, caller.role, caller.isSession);
    if (!isTested(expected)) continue;
    const request = requestOf(operation);
    const { status, text } = await send(request, caller.token);
    const isRight = expected === null ? ![401, 403, 404].includes(status) : status === expected;
    if (!isRight) violations.push(`${operation.title}: ${status}, not ${expected}: ${text.slice(-200)}`);
    const leaks = ownersSecrets().filter((secret) => text.includes(secret) && !request.sent.includes(secret));
    if (leaks.length > 0) violations.push(`${operation.title} leaks ${leaks.join(", ")}`);
    // A read that shows nothing of the library would prove nothing.
    const showsData =
      rule.requires === "read" && (rule.returnsOwnData ?? true) && !operation.title.includes("users/me");
    if (showsData && findLeaks(text, otherTenant, "", allCanaries).length === 0)
      violations.push(`${operation.title} shows nothing`);
    await reset(caller.userId);
  }
  return violations;
}

async function tenantRows(): Promise<string> {
  const rows = await readTenantRows(otherTenant);
  // The first look at an image renders it; leaving and coming back is undone but for its time.
  return rows.replaceAll(/"(storage_used_bytes|derived_bytes|updated_at)": \d+/g, '"$1": 0');
}

describe("a member", { timeout: TIMEOUT_MS }, () => {
  it.each([
    ["viewer", "key"],
    ["viewer", "session"],
    ["collaborator", "key"],
    ["collaborator", "session"],
  ] as const)(
    "who is a %s reads everything of the library with a %s, and changes nothing it may not",
    async (role, kind) => {
      const caller = await insertMemberCaller(role, kind);
      const before = await tenantRows();
      expect(await findMemberViolations(caller, (status) => status !== null)).toEqual([]);
      expect(await tenantRows()).toBe(before);
    },
  );

  it("reads no more than the actions of a key allow", async () => {
    const { userId } = await insertMemberCaller("collaborator", "key");
    const { secret: token } = await insertKey({ userId, actions: ["read"] });
    const caller = { userId, token, role: "viewer" as const, isSession: false };
    const isRefused = (status: number | null): boolean => status === 403;
    expect(await findMemberViolations(caller, isRefused)).toEqual([]);
  });
});

/** Operations whose answer depends on the caller alone, or on no row of the database. */
const WITHOUT_LIBRARY = ["GET /api/users/me", "PATCH /api/users/me", "POST /api/feedback", "POST /api/libraries"];

describe("every operation on what libraries contain", { timeout: TIMEOUT_MS }, () => {
  it("checks the membership of the caller in SQL", async () => {
    const caller = await insertMemberCaller("viewer", "session");
    const unchecked: string[] = [];
    for (const operation of protectedOperations) {
      if (isForbiddenToKeys(ruleFor(operation)) || WITHOUT_LIBRARY.includes(operation.title)) continue;
      const { binding, counts } = countingD1(env.DB);
      await send(requestOf(operation), caller.token, { DB: binding });
      const isChecked = counts.statements.some(
        ({ sql, values }) =>
          sql.includes("library_members_active") && [sql, ...values].join(" ").includes(caller.userId),
      );
      if (!isChecked) unchecked.push(operation.title);
    }
    expect(unchecked).toEqual([]);
  });
});

describe("somebody who is no member", { timeout: TIMEOUT_MS }, () => {
  const statusFor = (rule: AccessRule, isFormer: boolean): number => {
    if (rule.requires === "owner") return 403;
    return (isFormer ? rule.formerMemberStatus : undefined) ?? statusForOtherTenant(rule);
  };

  it.each(["left", "removed"] as const)(
    "any more (%s) has no access to anything, signed in or by key",
    async (state) => {
      const { userId, secret, ...own } = await insertTenant();
      const memberId = await insertMember(otherTenant.libraryId, userId, { role: "collaborator", state });
      const ownIds = await insertOwnEntities({ userId, ...own });
      const before = await readTenantRows(otherTenant);
      const common = { ownIds, canaries: allCanaries, knownIds: [memberId] };
      const { token } = await signIn(userId);
      // What the answer to leaving names is the caller's own membership, and its library.
      const knownIds = [...common.knownIds, otherTenant.libraryId];
      const session = { ...common, knownIds, token, status: (rule: AccessRule) => statusFor(rule, true) };
      expect(await findAccessViolations(session)).toEqual([]);
      const status = (rule: AccessRule): number => (isForbiddenToKeys(rule) ? 403 : statusForOtherTenant(rule));
      expect(await findAccessViolations({ ...common, token: secret, status })).toEqual([]);
      expect(await readTenantRows(otherTenant)).toBe(before);
    },
  );

  it("yet, with a valid invitation, has no access to anything", async () => {
    const { userId, ...own } = await insertTenant();
    const ownIds = await insertOwnEntities({ userId, ...own });
    const before = await readTenantRows(otherTenant);
    const { token } = await signIn(userId);
    const caller = { token, ownIds, canaries: allCanaries, status: (rule: AccessRule) => statusFor(rule, false) };
    expect(await findAccessViolations(caller)).toEqual([]);
    expect(await readTenantRows(otherTenant)).toBe(before);
  });
});

describe("a session that has ended", { timeout: TIMEOUT_MS }, () => {
  it("gets 401 from every operation, and nothing of the library", async () => {
    const { userId } = await insertTenant();
    await insertMember(otherTenant.libraryId, userId, { role: "collaborator" });
    const { token, sessionId } = await signIn(userId);
    expect((await call("DELETE", `/api/sessions/${sessionId}`, { token })).status).toBe(200);
    const violations: string[] = [];
    for (const operation of protectedOperations) {
      const request = requestOf(operation);
      const { status, text } = await send(request, token);
      if (status !== 401 || findLeaks(text, otherTenant, request.sent, allCanaries).length > 0)
        violations.push(`${operation.title}: ${status}`);
    }
    expect(violations).toEqual([]);
  });
});
