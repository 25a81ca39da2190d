/** Calls every published operation as each caller without access: asserts the status and that no data leaks. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { ID_PREFIXES } from "../../src/kernel/ids.ts";
import { call, ROOT_API_KEY, type CallOptions } from "../support/clients/api.ts";
import {
  insertOtherTenant,
  findLeaks,
  readTenantRows,
  type CanaryName,
  type OtherTenant,
} from "../support/clients/otherTenant.ts";
import {
  fillPath,
  listOperations,
  idPrefixOf,
  readDocument,
  sampleBody,
  type ApiDocument,
  type Operation,
} from "../support/clients/openapi.ts";
import { recordingQueue } from "../support/bindings/queue.ts";
import { getRootOwner } from "../support/clients/account.ts";
import { insertAlbum, insertAssets, insertKey, insertStack, insertTenant } from "../support/clients/tenants.ts";
import { accessRules, CREATED_LIBRARY_NAME, otherTenantQueryStatus, type AccessRule } from "./accessRules.ts";

const queue = recordingQueue().binding;
const allCanaries = ["content", "library", "owner"] as const;

let document: ApiDocument;
let operations: Operation[];
let protectedOperations: Operation[];
let otherTenant: OtherTenant;

beforeAll(async () => {
  document = await readDocument();
  operations = listOperations(document);
  protectedOperations = operations.filter(({ title }) => accessRules[title]?.requires !== "none");
  otherTenant = await insertOtherTenant();
  await getRootOwner();
});

function ruleFor({ title }: Operation): AccessRule {
  const rule = accessRules[title];
  if (rule === undefined) throw new Error(`${title} has no access rule in accessRules.ts`);
  return rule;
}

/** Replaces the ids of a published sample. */
function withIds<T>(value: T, ids: Ids): T {
  const prefixes = Object.values(ID_PREFIXES).toSorted((one, other) => other.length - one.length);
  const quotedIds = new RegExp(`"(${prefixes.join("|")})[2-9A-HJ-NP-Za-km-z]{22}"`, "g");
  const text = JSON.stringify(value).replaceAll(quotedIds, (whole, prefix: string) =>
    ids[prefix] === undefined ? whole : JSON.stringify(ids[prefix]),
  );
  return JSON.parse(text) as T;
}

type Ids = Record<string, string>;

interface TestRequest {
  method: string;
  path: string;
  options: CallOptions;
  /** Text of path, query and body. */
  sent: string;
}

function createRequest(operation: Operation, ids: Ids, query: Record<string, string> = {}): TestRequest {
  const { createRequest: customRequest, query: requiredQuery = {} } = ruleFor(operation);
  const sample = sampleBody(document, operation);
  const options = customRequest?.(ids) ?? ("json" in sample ? { json: withIds(sample.json, ids) } : sample);
  const search = new URLSearchParams({ ...requiredQuery, ...query }).toString();
  const path = fillPath(operation, ids) + (search === "" ? "" : `?${search}`);
  const form = options.body instanceof FormData ? JSON.stringify([...options.body.entries()]) : "";
  return { method: operation.method, path, options, sent: `${path} ${JSON.stringify(options.json ?? null)} ${form}` };
}

async function send(
  { method, path, options }: TestRequest,
  token: string | null,
): Promise<{ status: number; text: string }> {
  const response = await call(method, path, { ...options, token, env: { QUEUE: queue } });
  const headers = JSON.stringify([...response.headers]);
  return { status: response.status, text: `${headers} ${new TextDecoder().decode(await response.arrayBuffer())}` };
}

/**
 * Yields requests with the other tenant's ids: in path and body, in the last part of a path that starts with the
 * caller's own id, and in each query parameter. A null `status` means the one of the access rule.
 */
function* otherTenantRequests(
  operation: Operation,
  ownIds: Ids,
): Generator<{ request: TestRequest; status: number | null }> {
  yield { request: createRequest(operation, otherTenant.ids), status: null };
  const inPath = (operation.parameters ?? [])
    .filter((each) => each.in === "path")
    .map((each) => idPrefixOf(each) ?? "");
  for (const prefix of inPath.slice(1)) {
    yield { request: createRequest(operation, { ...ownIds, [prefix]: otherTenant.ids[prefix] ?? "" }), status: null };
  }
  for (const parameter of (operation.parameters ?? []).filter((each) => each.in === "query")) {
    const { name } = parameter;
    const prefix = idPrefixOf(parameter);
    for (const [idPrefix, id] of Object.entries(otherTenant.ids)) {
      // Parameters with id lists have no example, so every id type is tried.
      if (prefix === null ? !/(^|_)ids$/.test(name) : prefix !== idPrefix) continue;
      yield { request: createRequest(operation, ownIds, { [name]: id }), status: otherTenantQueryStatus[name] ?? 200 };
    }
  }
}

interface Caller {
  token: string;
  /** Ids for path and body while the query names the other tenant's. */
  ownIds: Ids;
  status: (rule: AccessRule) => number;
  canaries: readonly CanaryName[];
  /** Ids that may appear in responses to the caller. */
  knownIds?: string[];
  beforeEach?: () => Promise<void>;
}

/** Calls every protected operation with the other tenant's ids and returns the violations. */
async function findAccessViolations(caller: Caller): Promise<string[]> {
  const violations: string[] = [];
  for (const operation of protectedOperations) {
    for (const { request, status } of otherTenantRequests(operation, caller.ownIds)) {
      await caller.beforeEach?.();
      const response = await send(request, caller.token);
      const { coversAllUsers = false, ...rule } = ruleFor(operation);
      const byRule = caller.status(rule);
      // A credential that may not call an operation is refused before any parameter is looked at.
      const expected = coversAllUsers || byRule === 403 ? byRule : (status ?? byRule);
      // Ids of the wrong type are rejected with 422, and operations without access with 403, before any lookup.
      const isRejected = status === 200 && [422, 403].includes(response.status);
      const outcome = `${request.method} ${request.path}: ${response.status}`;
      if (response.status !== expected && !isRejected)
        violations.push(`${outcome}, not ${expected}: ${response.text.slice(-200)}`);
      const leaks = findLeaks(
        response.text,
        otherTenant,
        [request.sent, ...(caller.knownIds ?? []), ...(coversAllUsers ? [otherTenant.userId] : [])].join(" "),
        caller.canaries.filter((name) => !coversAllUsers || name !== "owner"),
      );
      if (leaks.length > 0) violations.push(`${outcome} leaks ${leaks.join(", ")}`);
      await env.DB.prepare("DELETE FROM libraries WHERE name = ?").bind(CREATED_LIBRARY_NAME).run();
    }
  }
  return violations;
}

/** Inserts one entity per id type for the caller. */
async function insertOwnEntities(owner: { userId: string; libraryId: string }): Promise<Ids> {
  const [assetId = ""] = await insertAssets(owner, [{}]);
  return {
    lib_: owner.libraryId,
    asset_: assetId,
    album_: await insertAlbum(owner),
    asset_stack_: await insertStack(owner),
  };
}

const isForbiddenToKeys = ({ requires }: AccessRule): boolean => requires === "session" || requires === "owner";

const statusForOtherTenant = (rule: AccessRule): number => rule.otherTenantStatus ?? 404;

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
  it("returns 401 without a credential, with a revoked key and with an expired key", async () => {
    const revoked = await insertKey({ userId: otherTenant.userId, isActive: false });
    const expired = await insertKey({ userId: otherTenant.userId, expiresAt: 1 });
    const unprotected: string[] = [];
    for (const operation of protectedOperations) {
      for (const token of [null, revoked.secret, expired.secret]) {
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
