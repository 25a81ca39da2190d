/** Every route of the published document against every caller that may not: what it answers, and that nothing leaks. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { idPrefixes } from "../../src/kernel/ids.ts";
import { call, ROOT, type CallOptions } from "../support/clients/api.ts";
import { insertVictim, leaksIn, rowsOf, type Mark, type Victim } from "../support/clients/canaries.ts";
import {
  fillPath,
  operationsOf,
  prefixOf,
  readDocument,
  sampleBody,
  type ApiDocument,
  type Operation,
} from "../support/clients/openapi.ts";
import { keptQueue } from "../support/bindings/queue.ts";
import {
  insertAlbum,
  insertAssets,
  insertKey,
  insertStack,
  insertTenant,
  rootOwner,
} from "../support/clients/tenants.ts";
import { access, MADE_LIBRARY, namedInQuery, type Access } from "./access.ts";

const queue = keptQueue().binding;
const everyMark = ["content", "library", "owner"] as const;

let document: ApiDocument;
let operations: Operation[];
let guarded: Operation[];
let victim: Victim;

beforeAll(async () => {
  document = await readDocument();
  operations = operationsOf(document);
  guarded = operations.filter(({ title }) => access[title]?.needs !== "none");
  victim = await insertVictim();
  await rootOwner();
});

function accessOf({ title }: Operation): Access {
  const entry = access[title];
  if (entry === undefined) throw new Error(`${title} has no entry in access.ts`);
  return entry;
}

/** The published sample with these ids in the place of its own. */
function withIds<T>(value: T, ids: Ids): T {
  const prefixes = Object.values(idPrefixes).toSorted((one, other) => other.length - one.length);
  const found = new RegExp(`"(${prefixes.join("|")})[2-9A-HJ-NP-Za-km-z]{22}"`, "g");
  const text = JSON.stringify(value).replaceAll(found, (whole, prefix: string) =>
    ids[prefix] === undefined ? whole : JSON.stringify(ids[prefix]),
  );
  return JSON.parse(text) as T;
}

type Ids = Record<string, string>;

interface Asked {
  method: string;
  path: string;
  options: CallOptions;
  /** Path, query and body, as far as they are text. */
  sent: string;
}

function requestOf(operation: Operation, ids: Ids, query: Record<string, string> = {}): Asked {
  const { send, query: needed = {} } = accessOf(operation);
  const sample = sampleBody(document, operation);
  const options = send?.(ids) ?? ("json" in sample ? { json: withIds(sample.json, ids) } : sample);
  const search = new URLSearchParams({ ...needed, ...query }).toString();
  const path = fillPath(operation, ids) + (search === "" ? "" : `?${search}`);
  const form = options.body instanceof FormData ? JSON.stringify([...options.body.entries()]) : "";
  return { method: operation.method, path, options, sent: `${path} ${JSON.stringify(options.json ?? null)} ${form}` };
}

async function ask({ method, path, options }: Asked, token: string | null): Promise<{ status: number; text: string }> {
  const response = await call(method, path, { ...options, token, env: { QUEUE: queue } });
  const headers = JSON.stringify([...response.headers]);
  return { status: response.status, text: `${headers} ${new TextDecoder().decode(await response.arrayBuffer())}` };
}

/**
 * Requests that name the victim's: in path and body; in the end of a path that begins with the caller's own; and in each
 * parameter of the query. `status` is null where the table says it.
 */
function* namingRequests(operation: Operation, own: Ids): Generator<{ asked: Asked; status: number | null }> {
  yield { asked: requestOf(operation, victim.ids), status: null };
  const inPath = (operation.parameters ?? []).filter((each) => each.in === "path").map((each) => prefixOf(each) ?? "");
  for (const prefix of inPath.slice(1)) {
    yield { asked: requestOf(operation, { ...own, [prefix]: victim.ids[prefix] ?? "" }), status: null };
  }
  for (const parameter of (operation.parameters ?? []).filter((each) => each.in === "query")) {
    const { name } = parameter;
    const prefix = prefixOf(parameter);
    for (const [kind, id] of Object.entries(victim.ids)) {
      // Lists of ids have no example to tell what they are of.
      if (prefix === null ? !/(^|_)ids$/.test(name) : prefix !== kind) continue;
      yield { asked: requestOf(operation, own, { [name]: id }), status: namedInQuery[name] ?? 200 };
    }
  }
}

interface Attacker {
  token: string;
  /** To stand in a path and a body while the query names the victim's. */
  own: Ids;
  status: (entry: Access) => number;
  kinds: readonly Mark[];
  /** Ids that the caller may know. */
  known?: string[];
  beforeEach?: () => Promise<void>;
}

/** What the whole sweep found wrong: an empty list is what a test wants. */
async function sweep(attacker: Attacker): Promise<string[]> {
  const wrong: string[] = [];
  for (const operation of guarded) {
    for (const { asked, status } of namingRequests(operation, attacker.own)) {
      await attacker.beforeEach?.();
      const answer = await ask(asked, attacker.token);
      const expected = status ?? attacker.status(accessOf(operation));
      // A list of another kind of ids is no list, and a route that is closed to the caller looks at nothing.
      const refused = status === 200 && [422, 403].includes(answer.status);
      const said = `${asked.method} ${asked.path}: ${answer.status}`;
      if (answer.status !== expected && !refused) wrong.push(`${said}, not ${expected}: ${answer.text.slice(-200)}`);
      const leaks = leaksIn(answer.text, victim, [asked.sent, ...(attacker.known ?? [])].join(" "), attacker.kinds);
      if (leaks.length > 0) wrong.push(`${said} tells ${leaks.join(", ")}`);
      await env.DB.prepare("DELETE FROM libraries WHERE name = ?").bind(MADE_LIBRARY).run();
    }
  }
  return wrong;
}

/** What a caller has of its own. */
async function ownOf(owner: { userId: string; libraryId: string }): Promise<Ids> {
  const [assetId = ""] = await insertAssets(owner, [{}]);
  return {
    lib_: owner.libraryId,
    asset_: assetId,
    album_: await insertAlbum(owner),
    asset_stack_: await insertStack(owner),
  };
}

const theirs = (entry: Access, path404 = 404): number => entry.theirs ?? path404;

describe("the table of who may what", () => {
  it("has every route that is published, and no other", () => {
    expect(Object.keys(access).toSorted()).toEqual(operations.map(({ title }) => title).toSorted());
  });
});

describe("every route", { timeout: 30_000 }, () => {
  it("is closed without a credential, to a revoked one and to an expired one", async () => {
    const revoked = await insertKey({ userId: victim.userId, isActive: false });
    const expired = await insertKey({ userId: victim.userId, expiresAt: 1 });
    const open: string[] = [];
    for (const operation of guarded) {
      for (const token of [null, revoked.secret, expired.secret]) {
        const asked = requestOf(operation, victim.ids);
        const { status, text } = await ask(asked, token);
        if (status !== 401 || leaksIn(text, victim, asked.sent, everyMark).length > 0)
          open.push(`${operation.title} ${status}`);
      }
    }
    expect(open).toEqual([]);
  });

  it("that changes anything is closed to a key that may only read; one that reads shows its owner what is there", async () => {
    const before = await rowsOf(victim);
    const { secret } = await insertKey({ userId: victim.userId, libraryIds: [victim.libraryId], actions: ["read"] });
    const wrong: string[] = [];
    for (const operation of guarded) {
      const { needs, shows = true } = accessOf(operation);
      const asked = requestOf(operation, victim.ids);
      const { status, text } = await ask(asked, secret);
      if (status !== (needs === "read" ? 200 : 403)) wrong.push(`${operation.title}: ${status} ${text.slice(-200)}`);
      // What an owner sees is what a leak would be made of: else the sweeps below would look for nothing.
      const found = leaksIn(text, victim, needs === "read" ? "" : asked.sent, everyMark);
      if (found.length > 0 !== (needs === "read" && shows)) wrong.push(`${operation.title} tells ${found.join(", ")}`);
    }
    expect(wrong).toEqual([]);
    expect(await rowsOf(victim)).toBe(before);
  });
});

describe("what is another's", { timeout: 60_000 }, () => {
  it("is neither told nor touched by any route, to another owner with every right", async () => {
    const before = await rowsOf(victim);
    const stranger = await insertTenant();
    const own = await ownOf(stranger);
    const status = (entry: Access): number => (entry.needs === "keys" ? 403 : theirs(entry));
    expect(await sweep({ token: stranger.secret, own, status, kinds: everyMark })).toEqual([]);
    expect(await rowsOf(victim)).toBe(before);
  });

  it("nor to the owner of the deployment, who manages keys", async () => {
    const before = await rowsOf(victim);
    const own = await ownOf(await rootOwner());
    expect(await sweep({ token: ROOT, own, status: theirs, kinds: everyMark })).toEqual([]);
    expect(await rowsOf(victim)).toBe(before);
  });

  it("nor to a key of the same owner that is confined to another library", async () => {
    const { secret: token } = await insertKey({ userId: victim.userId, libraryIds: [victim.otherLibraryId] });
    const status = (entry: Access): number => (entry.needs === "keys" ? 403 : (entry.confined ?? theirs(entry)));
    const own = await ownOf({ userId: victim.userId, libraryId: victim.otherLibraryId });
    const before = await rowsOf(victim);
    const kinds = ["content", "library"] as const;
    expect(await sweep({ token, own, status, kinds, known: [victim.userId] })).toEqual([]);
    expect(await rowsOf(victim)).toBe(before);
  });
});

describe("what lies in a library in the trash", { timeout: 60_000 }, () => {
  it("is hidden from its own owner by every route but those of the library itself", async () => {
    const { secret: token } = await insertKey({ userId: victim.userId });
    const own = await ownOf({ userId: victim.userId, libraryId: victim.otherLibraryId });
    const beforeEach = async (): Promise<void> => {
      await env.DB.prepare("UPDATE libraries SET trashed_at = 5, drain_at = 9e15 WHERE id = ?")
        .bind(victim.libraryId)
        .run();
    };
    const status = (entry: Access): number => (entry.needs === "keys" ? 403 : (entry.inTrash ?? theirs(entry)));
    const known = [victim.userId, victim.libraryId];
    expect(await sweep({ token, own, status, kinds: ["content"], known, beforeEach })).toEqual([]);
  });
});
