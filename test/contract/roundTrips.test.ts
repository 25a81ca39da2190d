/** Counts the D1 round trips of every read and of uploads, with a credential that the isolate knows and with one that it does not. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { accessRules, isForbiddenToKeys } from "./accessRules.ts";
import { countingD1 } from "../support/bindings/d1.ts";
import { createLibrary, getRootOwner } from "../support/clients/account.ts";
import { call, ROOT_API_KEY, uniqueBytes, upload, type CallOptions } from "../support/clients/api.ts";
import { fillPath, listOperations, readDocument, type Operation } from "../support/clients/openapi.ts";
import { renderPng } from "../support/media/images.ts";
import {
  insertAlbum,
  insertAlbumMembership,
  insertAssets,
  insertInvitation,
  insertKey,
  insertStack,
  type Tenant,
} from "../support/clients/tenants.ts";
import { insertFaces, insertPerson } from "../support/rows/personAssets.ts";

/** A read in a request of an isolate that knows its credential. */
const WARM_READ_TRIPS = 1;
/** The first read: the credential takes one trip more. */
const COLD_READ_TRIPS = 2;

const WORLD = "bbox=-180,-90,180,90";
const MANY_ASSETS = 45;

/** Queries of each operation that take one trip. */
const queries: Record<string, string[]> = {
  "GET /api/assets": [
    "person_ids={person}",
    "person_ids={person}&album_id={album}&state=all",
    "include=faces,people",
    "",
    "include=",
    "include=&limit=5&order=asc",
    "include=metadata&media_type=image",
    "album_filter=in_album",
    "ratings=0,4,5",
    "state=trashed",
    "state=all",
    "local_datetime_after=2020-01-01T00:00:00",
    "album_id={album}",
    "starting_after_id={cursor}",
    "starting_after_id={cursor}&local_datetime_after=2020-01-01T00:00:00",
    "state=trashed&starting_after_id={trashed}",
    `${WORLD}&starting_after_id={cursor}`,
    "ids={asset}",
  ],
  "GET /api/assets/counts": [
    "person_ids={person}",
    "person_ids={person}&group_by=day",
    "",
    "album_id={album}",
    "local_datetime_after=2020-05-06T00:00:00",
    "group_by=day&media_type=image&ratings=0",
    "group_by=week&order=asc&local_datetime_before=2030-05-06T00:00:00Z&starting_after_bucket=2000-05-01T00:00:00",
    `group_by=year&${WORLD}`,
  ],
  "GET /api/assets/geo-clusters": [
    `${WORLD}&cell_size=10&person_ids={person}`,
    `${WORLD}&cell_size=10`,
    `${WORLD}&cell_size=10&album_id={album}`,
  ],
  "GET /api/search": ["media_type=image", "album_id={album}", "ratings=0&limit=5&include=metadata"],
  "GET /api/assets/{asset_id}": ["", "include=metadata,variants,legacy"],
  "GET /api/assets/{asset_id}/thumbnail": ["size=original"],
  "GET /api/albums": ["", "starting_after_id={album}", "asset_id={asset}", "ids={album}", "name=a"],
  "GET /api/albums/{album_id}/assets": ["", "limit=5", "starting_after_id={asset}"],
  "GET /api/album-assets": ["", "album_id={album}", "starting_after_id={membership}"],
  "GET /api/stacks": ["", "starting_after_id={stack}", "origin=user", "include=asset_ids"],
  "GET /api/people": [
    "",
    "name=a",
    "sort=name_asc&name_filter=all&include_hidden=true&include=cluster_metrics",
    "sort=asset_count_desc&starting_after_id={person}",
    "asset_id={asset}",
    "album_id={album}",
    "ids={person}",
  ],
  "GET /api/people/{person_id}": ["", "include=cluster_metrics"],
  "GET /api/faces": ["", "asset_id={asset}", "person_id={person}", "ids={face}&starting_after_id={face}"],
  "GET /api/events": ["", "entity_types=asset", "created_at_gte=2020-01-01T00:00:00Z"],
  "GET /api/tasks": ["", "status=pending"],
};

/** Further trips: a file's row is checked after its asset, a task's library before its tasks. */
const FURTHER_TRIPS: Record<string, number> = {
  "GET /api/assets/{asset_id}/download": 1,
  "GET /api/assets/{asset_id}/thumbnail": 1,
  // The first request counts the crop that it makes.
  "GET /api/faces/{face_id}/thumbnail": 2,
  "GET /api/tasks": 1,
  "GET /api/tasks/asset/{asset_id}": 1,
  "GET /api/integrity": 1,
};

/** Some paths are published with a trailing slash. */
function titleOf({ title }: Operation): string {
  return title.replace(/\/$/, "");
}

/** The root key, which is known from the first request of this file on, where API keys are refused; else a new key. */
async function tokenFor({ title }: Operation): Promise<string> {
  const rule = accessRules[title];
  if (rule !== undefined && isForbiddenToKeys(rule)) return ROOT_API_KEY;
  return (await insertKey({ ...owner, lastUsedAt: Date.now() })).secret;
}

let reads: Operation[];
let owner: Pick<Tenant, "userId" | "libraryId">;
let ids: Record<string, string>;
let named: Record<string, string>;

async function countTrips(path: string, options: CallOptions): Promise<number> {
  const { binding, counts } = countingD1(env.DB);
  const response = await call("GET", path, { ...options, env: { DB: binding } });
  await response.arrayBuffer();
  expect(response.status, path).toBe(200);
  return counts.roundTrips;
}

function pathsOf(operation: Operation): string[] {
  return (queries[titleOf(operation)] ?? [""]).map((query) => {
    const filled = query.replaceAll(/\{(\w+)\}/g, (_, name: string) => named[name] ?? "");
    return fillPath(operation, ids) + (filled === "" ? "" : `?${filled}`);
  });
}

beforeAll(async () => {
  reads = listOperations(await readDocument()).filter(
    ({ method, title, security }) => method === "GET" && title.includes("/api/") && security?.length !== 0,
  );
  owner = await getRootOwner();
  const { id: assetId } = await (
    await upload(await renderPng(4, 4, () => [0, 0, 0, 255]), { name: "image.png" })
  ).json<{ id: string }>();
  const albumId = await insertAlbum(owner);
  const stackId = await insertStack(owner);
  const many = Array.from({ length: MANY_ASSETS }, () => ({ position: [13.4, 52.5] as [number, number] }));
  const cursor = (await insertAssets(owner, many)).at(-1) ?? "";
  const inTrash = [{ trashedAt: 1_700_000_000_000 }, { trashedAt: 1_700_000_000_001 }];
  const [, trashed = ""] = await insertAssets(owner, inTrash);
  const membership = await insertAlbumMembership(owner, albumId, assetId);
  const { id: keyId } = await insertKey(owner);
  const tasks = await (await call("GET", `/api/tasks/asset/${assetId}`)).json<{ id: string }[]>();
  const personId = await insertPerson(owner, "a");
  const [faceId = ""] = await insertFaces(owner, [{ assetId, personId }]);
  named = {
    person: personId,
    face: faceId,
    asset: assetId,
    cursor,
    album: albumId,
    stack: stackId,
    trashed,
    membership,
  };
  ids = {
    asset_: assetId,
    album_: albumId,
    asset_stack_: stackId,
    album_asset_: membership,
    lib_: owner.libraryId,
    apikey_: keyId,
    btask_: tasks[0]?.id ?? "",
    intuser_: owner.userId,
    invite_: await insertInvitation(owner),
    person_: personId,
    face_: faceId,
  };
});

describe("every read", () => {
  it("takes one round trip with a known credential, and two with an unknown one", async () => {
    const counted: [string, number, number][] = [];
    for (const operation of reads) {
      for (const path of pathsOf(operation)) {
        const token = await tokenFor(operation);
        const further = FURTHER_TRIPS[titleOf(operation)] ?? 0;
        const cold = (await countTrips(path, { token })) - further;
        counted.push([path, cold, (await countTrips(path, { token })) - further]);
      }
    }
    expect(counted.length).toBeGreaterThan(reads.length);
    expect(counted.filter(([, cold, warm]) => cold > COLD_READ_TRIPS || warm > WARM_READ_TRIPS)).toEqual([]);
  });

  it("of an upload takes two round trips besides the credential's, and one for a declared duplicate", async () => {
    const { binding, counts } = countingD1(env.DB);
    const bytes = uniqueBytes();
    const created = await upload(bytes, { libraryId: owner.libraryId, env: { DB: binding } });
    expect([created.status, counts.roundTrips]).toEqual([201, 3]);
    const { checksum_sha1: sha1 } = await created.json<{ checksum_sha1: string }>();
    counts.roundTrips = 0;
    const headers = { "x-immich-checksum": sha1 };
    const known = await upload(bytes, { libraryId: owner.libraryId, headers, env: { DB: binding } });
    expect([known.status, counts.roundTrips]).toEqual([200, 2]);
  });

  it("takes one round trip with several libraries, and with a key for one of them", async () => {
    const secondId = await createLibrary();
    const { secret } = await insertKey({ ...owner, libraryIds: [secondId], lastUsedAt: Date.now() });
    await countTrips("/api/users/me", { token: secret });
    for (const path of ["/api/assets?include=", "/api/albums", "/api/events", "/api/assets/counts"]) {
      expect(await countTrips(path, { token: secret }), path).toBe(WARM_READ_TRIPS);
      const byId = `${path}${path.includes("?") ? "&" : "?"}library_id=${owner.libraryId}`;
      expect(await countTrips(byId, {}), byId).toBe(WARM_READ_TRIPS);
    }
  });
});
