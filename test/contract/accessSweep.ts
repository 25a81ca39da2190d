/** Sends requests of every published operation with the ids of a tenant, for the tests of who may do what. */
import { env } from "cloudflare:workers";
import { ID_PREFIXES } from "../../src/kernel/ids.ts";
import { call, type CallOptions } from "../support/clients/api.ts";
import { findLeaks, insertOtherTenant, type CanaryName, type OtherTenant } from "../support/clients/otherTenant.ts";
import {
  fillPath,
  idPrefixOf,
  listOperations,
  readDocument,
  sampleBody,
  type ApiDocument,
  type Operation,
} from "../support/clients/openapi.ts";
import { recordingQueue } from "../support/bindings/queue.ts";
import { getRootOwner } from "../support/clients/account.ts";
import { insertAlbum, insertAssets, insertStack } from "../support/clients/tenants.ts";
import { insertFaces, insertPerson } from "../support/rows/personAssets.ts";
import { accessRules, CREATED_LIBRARY_NAME, otherTenantQueryStatus, type AccessRule } from "./accessRules.ts";

const queue = recordingQueue().binding;
export const allCanaries = ["content", "library", "owner"] as const;

let document: ApiDocument;
export let operations: Operation[];
export let protectedOperations: Operation[];
export let otherTenant: OtherTenant;

/** Reads the document and inserts the tenant whose data nobody else may see. */
export async function prepareSweep(): Promise<void> {
  document = await readDocument();
  operations = listOperations(document);
  protectedOperations = operations.filter(({ title }) => accessRules[title]?.requires !== "none");
  otherTenant = await insertOtherTenant();
  await getRootOwner();
}

export function ruleFor({ title }: Operation): AccessRule {
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

export type Ids = Record<string, string>;

interface TestRequest {
  method: string;
  path: string;
  options: CallOptions;
  /** Text of path, query and body. */
  sent: string;
}

export function createRequest(operation: Operation, ids: Ids, query: Record<string, string> = {}): TestRequest {
  const { createRequest: customRequest, query: requiredQuery = {} } = ruleFor(operation);
  const sample = sampleBody(document, operation);
  const options = customRequest?.(ids) ?? ("json" in sample ? { json: withIds(sample.json, ids) } : sample);
  const search = new URLSearchParams({ ...requiredQuery, ...query }).toString();
  const path = fillPath(operation, ids) + (search === "" ? "" : `?${search}`);
  const form = options.body instanceof FormData ? JSON.stringify([...options.body.entries()]) : "";
  return { method: operation.method, path, options, sent: `${path} ${JSON.stringify(options.json ?? null)} ${form}` };
}

export async function send(
  { method, path, options }: TestRequest,
  token: string | null,
  bindings: Partial<Cloudflare.Env> = {},
): Promise<{ status: number; text: string }> {
  const response = await call(method, path, { ...options, token, env: { QUEUE: queue, ...bindings } });
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

export interface Caller {
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
export async function findAccessViolations(caller: Caller): Promise<string[]> {
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

/** Inserts a person with a face on the asset; returns their ids by prefix. */
export async function insertPersonWithFace(
  owner: { userId: string; libraryId: string },
  assetId: string,
): Promise<Ids> {
  const personId = await insertPerson(owner);
  const [faceId = ""] = await insertFaces(owner, [{ assetId, personId }]);
  return { person_: personId, face_: faceId };
}

/** Inserts one entity per id type for the caller. */
export async function insertOwnEntities(owner: { userId: string; libraryId: string }): Promise<Ids> {
  const [assetId = ""] = await insertAssets(owner, [{}]);
  return {
    lib_: owner.libraryId,
    asset_: assetId,
    album_: await insertAlbum(owner),
    asset_stack_: await insertStack(owner),
    ...(await insertPersonWithFace(owner, assetId)),
  };
}

export const statusForOtherTenant = (rule: AccessRule): number => rule.otherTenantStatus ?? 404;
