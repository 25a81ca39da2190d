/** The actor of events: the credential whose request made the change. */
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { EventType } from "../../../src/records/events/events.ts";
import { eventPageSchema } from "../../../src/routes/events/schemas.ts";
import { sqlAll } from "../../support/clients/account.ts";
import { call, uniqueBytes, uploadForm, type CallOptions } from "../../support/clients/api.ts";
import { insertKey, insertLibrary, insertUser } from "../../support/clients/tenants.ts";
import { solidPng, versionForm } from "../../support/clients/versions.ts";
import { deliver } from "../../support/bindings/consumer.ts";
import { recordingQueue } from "../../support/bindings/queue.ts";

/** Complete by its type: a new event type fails to compile until the test below causes it. */
const EVENT_TYPES = Object.keys({
  asset_created: true,
  asset_updated: true,
  asset_trashed: true,
  asset_restored: true,
  asset_deleted: true,
  asset_moved_out: true,
  asset_moved_in: true,
  album_created: true,
  album_updated: true,
  album_deleted: true,
  album_asset_added: true,
  album_asset_removed: true,
  library_trashed: true,
  library_restored: true,
  person_created: true,
  person_updated: true,
  person_deleted: true,
  face_created: true,
  face_updated: true,
  face_deleted: true,
  metadata_updated: true,
  stack_created: true,
  stack_updated: true,
  stack_deleted: true,
} satisfies Record<EventType, true>);

const withId = z.object({ id: z.string() });
const QUEUE = recordingQueue().binding;

let userId: string;
let libraryId: string;
beforeAll(async () => {
  userId = await insertUser();
  libraryId = await insertLibrary(userId);
});

async function actorsOf(library: string): Promise<unknown[]> {
  const rows = await sqlAll("SELECT DISTINCT actor FROM events WHERE library_id = ?", library);
  return rows.map((row) => row["actor"]);
}

/** Calls with one credential; returns the id in the response, or an empty text. */
function clientOf(token: string) {
  return async (method: string, path: string, options: CallOptions = {}): Promise<string> => {
    const response = await call(method, path, { token, ...options, env: { QUEUE } });
    const text = await response.text();
    expect(response.ok, `${method} ${path}: ${text}`).toBe(true);
    const parsed = withId.safeParse(JSON.parse(text === "" ? "null" : text));
    return parsed.success ? parsed.data.id : "";
  };
}

describe("an event", () => {
  it("of every type names the API key that made the change", async () => {
    const key = await insertKey({ userId });
    const send = clientOf(key.secret);
    const uploadOne = async () => await send("POST", "/api/assets", { body: uploadForm(uniqueBytes()) });
    const photo = await send("POST", "/api/assets", { body: uploadForm(await solidPng(1), { name: "photo.png" }) });
    const [second, third] = [await uploadOne(), await uploadOne()];
    await send("PATCH", `/api/assets/${photo}`, {
      json: { description: "text", original_datetime: "2020-01-01T00:00" },
    });
    await send("POST", `/api/assets/${photo}/versions`, { body: versionForm(await solidPng(2)) });
    const album = await send("POST", "/api/albums", { json: { name: "album" } });
    await send("PATCH", `/api/albums/${album}`, { json: { name: "renamed" } });
    await send("POST", `/api/albums/${album}/assets`, { json: { asset_ids: [photo, second] } });
    await send("DELETE", `/api/albums/${album}/assets`, { json: { asset_ids: [second] } });
    const stack = await send("POST", "/api/stacks", { json: { asset_ids: [second, third] } });
    await send("PATCH", `/api/stacks/${stack}`, { json: { primary_asset_id: third } });
    await send("DELETE", `/api/stacks/${stack}`);
    const person = await send("POST", "/api/people", { json: { name: "person" } });
    await send("PATCH", `/api/people/${person}`, { json: { is_favorite: true } });
    const box = { x: 0, y: 0, w: 1, h: 1 };
    const face = await send("POST", "/api/faces", { json: { asset_id: photo, bounding_box: box } });
    await send("PATCH", `/api/faces/${face}`, { json: { person_id: person } });
    await send("DELETE", `/api/faces/${face}`);
    await send("DELETE", `/api/people/${person}`);
    await send("POST", "/api/assets/trash", { json: { ids: [second] } });
    await send("POST", "/api/assets/restore", { json: { ids: [second] } });
    await send("DELETE", `/api/albums/${album}`);
    // The photo stays, because a sweep deletes the events of deleted assets.
    await send("DELETE", "/api/assets", { json: { ids: [second] } });
    await send("POST", "/api/assets/trash", { json: { ids: [third] } });
    await send("POST", "/api/assets/empty-trash");

    const other = await insertLibrary(userId, "other");
    const move = async (from: string, to: string) => {
      const json = { asset_ids: [photo], source_library_id: from, destination_library_id: to };
      await send("POST", "/api/assets/move", { json });
    };
    await move(libraryId, other);
    await move(other, libraryId);
    await send("POST", `/api/libraries/${libraryId}/trash`);
    await send("POST", `/api/libraries/${libraryId}/restore`);

    const types = await sqlAll("SELECT DISTINCT event_type FROM events WHERE library_id = ?", libraryId);
    expect(new Set(types.map((row) => row["event_type"]))).toEqual(new Set(EVENT_TYPES));
    expect(await actorsOf(libraryId)).toEqual([key.id]);
  });

  it("names the root key as root, in the change feed too", async () => {
    const response = await call("POST", "/api/albums", { json: { name: "by the owner" } });
    const { id } = withId.parse(await response.json());
    const feed = eventPageSchema.parse(await (await call("GET", "/api/events?entity_types=album")).json());
    expect(feed.data.at(-1)).toMatchObject({ entity_id: id, event_type: "album_created", actor: "root" });
  });

  it("keeps the id of a key that was revoked since", async () => {
    const library = await insertLibrary(userId);
    const key = await insertKey({ userId, libraryIds: [library] });
    await clientOf(key.secret)("POST", "/api/albums", { json: { name: "album" } });
    await sqlAll("UPDATE api_keys SET is_active = 0 WHERE id = ?", key.id);
    expect(await actorsOf(library)).toEqual([key.id]);
  });

  it("of a background task has no actor", async () => {
    const library = await insertLibrary(userId);
    const key = await insertKey({ userId, libraryIds: [library] });
    const body = uploadForm(await solidPng(3), { name: "photo.png" });
    const asset = await clientOf(key.secret)("POST", "/api/assets", { body });
    await deliver([{ assetId: asset }]);
    const rows = await sqlAll("SELECT actor FROM events WHERE library_id = ? ORDER BY seq", library);
    expect(rows[0]).toEqual({ actor: key.id });
    expect(rows.at(-1)).toEqual({ actor: null });
  });
});
