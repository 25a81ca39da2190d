/** People and faces of a tenant, through the API. */
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import type { z } from "zod";
import { facePageSchema, faceSchema } from "../../../src/routes/faces/schemas.ts";
import { personPageSchema, personSchema } from "../../../src/routes/people/schemas.ts";
import { sqlAll } from "./account.ts";
import { call, type CallOptions } from "./api.ts";
import { insertAssets, insertKey, insertLibrary, insertUser, type AssetFields } from "./tenants.ts";

export type PersonResponse = z.output<typeof personSchema>;
export type FaceResponse = z.output<typeof faceSchema>;

export const BOX = { x: 10, y: 20, w: 30, h: 40 };

export interface EventRow {
  event_type: string;
  entity_id: string;
  payload: unknown;
}

/** A tenant with one library. */
export async function newPeopleClient() {
  const userId = await insertUser();
  const libraryId = await insertLibrary(userId);
  const { secret: token } = await insertKey({ userId });
  const owner = { userId, libraryId, token };

  const send = async (method: string, path: string, options: CallOptions = {}) =>
    await call(method, path, { token, ...options });

  async function parsed<T>(schema: z.ZodType<T>, response: Response, status: number): Promise<T> {
    const text = await response.text();
    expect(response.status, text).toBe(status);
    return schema.parse(JSON.parse(text));
  }

  return {
    ...owner,
    send,
    /** Assets of 400 × 300 pixels, without stored objects. */
    newAssets: async (fields: AssetFields[]): Promise<string[]> => {
      const ids = await insertAssets(owner, fields);
      await sqlAll(
        "UPDATE assets SET width = 400, height = 300 WHERE id IN (SELECT value FROM json_each(?))",
        JSON.stringify(ids),
      );
      return ids;
    },
    newPerson: async (fields: Record<string, unknown> = {}): Promise<PersonResponse> =>
      await parsed(personSchema, await send("POST", "/api/people", { json: fields }), 201),
    getPerson: async (id: string, query = ""): Promise<PersonResponse> =>
      await parsed(personSchema, await send("GET", `/api/people/${id}${query}`), 200),
    listPeople: async (query = "", options: CallOptions = {}): Promise<z.output<typeof personPageSchema>> =>
      await parsed(personPageSchema, await send("GET", `/api/people?${query}`, options), 200),
    newFace: async (asset_id: string, person_id: string | null = null, bounding_box = BOX): Promise<FaceResponse> =>
      await parsed(faceSchema, await send("POST", "/api/faces", { json: { asset_id, person_id, bounding_box } }), 201),
    getFace: async (id: string): Promise<FaceResponse> =>
      await parsed(faceSchema, await send("GET", `/api/faces/${id}`), 200),
    listFaces: async (query = "", options: CallOptions = {}): Promise<z.output<typeof facePageSchema>> =>
      await parsed(facePageSchema, await send("GET", `/api/faces?${query}`, options), 200),
    /** The events of the library in order, after those that `takeEvents` returned before. */
    takeEvents: async (): Promise<EventRow[]> => {
      const { results } = await env.DB.prepare(
        "SELECT event_type, entity_id, payload FROM events WHERE library_id = ? AND entity_type IN ('person', 'face') ORDER BY seq",
      )
        .bind(libraryId)
        .all<{ event_type: string; entity_id: string; payload: string | null }>();
      await sqlAll("DELETE FROM events WHERE library_id = ? AND entity_type IN ('person', 'face')", libraryId);
      return results.map((row) => ({ ...row, payload: row.payload === null ? null : JSON.parse(row.payload) }));
    },
  };
}

export type PeopleClient = Awaited<ReturnType<typeof newPeopleClient>>;
