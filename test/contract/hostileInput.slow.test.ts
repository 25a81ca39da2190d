/** Every route of the published description against wrong types, huge, empty, broken and foreign input: no 5xx, one error shape. */
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { originalKey } from "../../src/objects/keys.ts";
import { refusalOf } from "../support/clients/answers.ts";
import { call } from "../support/clients/api.ts";
import { operationsOf, readDocument, resolve, type Operation } from "../support/clients/openapi.ts";
import { pngOf } from "../support/media/images.ts";
import { keptQueue } from "../support/bindings/queue.ts";
import { insertTaskRows } from "../support/rows/taskRows.ts";
import {
  insertAlbum,
  insertAssets,
  insertKey,
  insertLink,
  insertStack,
  rootOwner,
  SEEDED_VERSION,
} from "../support/clients/tenants.ts";
import { attacksOn, fullSample, type Attack, type FormFields, type Honest } from "./hostileInput.ts";

const document = await readDocument();
let owner: { userId: string; libraryId: string };

beforeAll(async () => {
  owner = await rootOwner();
});

/** A caller with two libraries has to name one in every request: what an operation has made goes. */
afterEach(async () => {
  await env.DB.batch([
    env.DB.prepare("DELETE FROM libraries WHERE id <> ?").bind(owner.libraryId),
    env.DB.prepare("UPDATE libraries SET trashed_at = NULL, drain_at = NULL"),
  ]);
});

/** One of everything, new for each operation, since the last one may have deleted it. */
async function ownIds(operation: Operation): Promise<Record<string, string>> {
  const [assetId = "", other = "", videoId = ""] = await insertAssets(owner, [
    { position: [11, 48] },
    {},
    { mediaType: "video" },
  ]);
  const picture = await pngOf(4, 4, () => [0, 0, 0, 255]);
  await env.BUCKET.put(originalKey(assetId, SEEDED_VERSION), picture, { httpMetadata: { contentType: "image/png" } });
  const albumId = await insertAlbum(owner);
  const linkId = await insertLink(owner, albumId, assetId);
  const [taskId = ""] = await insertTaskRows(owner, [{ assetId }]);
  const { id: keyId } = await insertKey({ userId: owner.userId });
  return {
    asset_: operation.path.endsWith("/still") ? videoId : assetId,
    other,
    asset_version_: SEEDED_VERSION,
    asset_stack_: await insertStack(owner),
    album_: albumId,
    album_asset_: linkId,
    btask_: taskId,
    apikey_: keyId,
    lib_: owner.libraryId,
  };
}

/** Where a body with every property is none: two of them exclude each other, or want more than one of a kind. */
const bodiesOf: Record<string, (ids: Record<string, string>) => unknown> = {
  "POST /api/api-keys/": (ids) => ({
    name: "k",
    actions: ["read"],
    library_scope_mode: "selected_libraries",
    library_ids: [ids["lib_"]],
  }),
  "POST /api/stacks": (ids) => ({
    asset_ids: [ids["asset_"], ids["other"]],
    primary_asset_id: ids["other"],
    library_id: ids["lib_"],
  }),
  "POST /api/assets/exist": () => ({ deviceId: "d", deviceAssetIds: ["d"] }),
};

async function honestBody(operation: Operation, ids: Record<string, string>): Promise<Omit<Honest, "ids">> {
  const content = operation.requestBody?.content ?? {};
  const json = content["application/json"]?.schema;
  if (json !== undefined) return { json: bodiesOf[operation.title]?.(ids) ?? fullSample(document, json, ids) };
  const form = content["multipart/form-data"]?.schema;
  const [type] = Object.keys(content);
  if (form === undefined) return type === undefined ? {} : { raw: type };
  const picture = new Uint8Array(await new Blob([await pngOf(4, 4, () => [0, 0, 0, 255])]).arrayBuffer());
  const known: FormFields = {
    asset_data: picture,
    file: picture,
    kind: "edit",
    params: "{}",
    library_id: owner.libraryId,
    file_created_at: "2024-05-06T07:08:09Z",
    file_modified_at: "2024-05-06T07:08:09Z",
  };
  const names = Object.keys(resolve(document, form).properties ?? {});
  return { form: Object.fromEntries(names.map((name) => [name, known[name] ?? "x"])) };
}

/** The honest request itself is refused: a live library, no member as the cover, one version alone, no picture for a still, no signature. */
const refusesAll = [
  "PUT /api/assets/{asset_id}/still",
  "GET /media/{asset_id}/{version_id}/{variant}",
  "DELETE /api/libraries/{library_id}",
  "PATCH /api/stacks/{stack_id}",
  "DELETE /api/assets/{asset_id}/versions/{version_id}",
  "POST /api/assets/{asset_id}/versions/{version_id}/replace",
];

/** What is wrong with the answer; null where nothing is. */
async function complaint(method: string, attack: Attack, statuses: Record<number, number>): Promise<string | null> {
  let response: Response;
  try {
    response = await call(method, attack.path, { ...attack.options, env: { QUEUE: keptQueue().binding } });
  } catch (error) {
    return `threw ${String(error)}`;
  }
  statuses[response.status] = (statuses[response.status] ?? 0) + 1;
  if (response.status >= 500) return `${response.status} ${await response.text()}`;
  if (response.status < 400) {
    await response.arrayBuffer();
    return null;
  }
  try {
    await refusalOf(response, response.status);
    return null;
  } catch (error) {
    return `${response.status} ${String(error).slice(0, 200)}`;
  }
}

describe("no input makes the server fail, and every refusal has the one shape", { timeout: 280_000 }, () => {
  for (const operation of operationsOf(document)) {
    it(operation.title, async () => {
      const ids = await ownIds(operation);
      const honest = { ids, ...(await honestBody(operation, ids)) };
      const wrong: string[] = [];
      const statuses: Record<number, number> = {};
      const attacks = await attacksOn(document, operation, honest);
      for (const attack of attacks) {
        const found = await complaint(operation.method, attack, statuses);
        if (found !== null) wrong.push(`${attack.name}: ${found}`);
      }
      expect(wrong.slice(0, 20)).toEqual([]);
      // What never gets past the door tries nothing behind it.
      expect(
        Object.keys(statuses).some((status) => Number(status) < 300 || refusesAll.includes(operation.title)),
        JSON.stringify(statuses),
      ).toBe(true);
    });
  }
});
