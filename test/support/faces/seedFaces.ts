/** Inserts faces with embeddings by SQL, as detection leaves them. */
import { env } from "cloudflare:workers";
import { newId } from "../../../src/kernel/ids.ts";
import { quantize } from "../../../src/operations/faces/clustering/int8Vectors.ts";
import { insertAssets } from "../clients/tenants.ts";

export const TEST_MODEL = { model: "test@1", dimensions: 16 };

export interface SeededFace {
  vector: ArrayLike<number>;
  personId?: string | null;
  source?: "automatic" | "manual";
  assignedBy?: "user" | "clustering" | null;
  model?: string;
}

let serial = 0;

/** A unit vector near the axis of an identity; every variation turns it elsewhere. */
export function testVector(identity: number, variation = 0, angle = 0.3): number[] {
  const values = Array.from({ length: TEST_MODEL.dimensions }, () => 0);
  values[identity] = Math.cos(angle);
  values[8 + (variation % 8)] = Math.sin(angle) * (variation % 16 < 8 ? 1 : -1);
  return values;
}

/** Each face is on an asset of its own, unless `assetId` names one. Returns the ids of the faces in order. */
export async function insertSeededFaces(
  owner: { userId: string; libraryId: string },
  faces: readonly SeededFace[],
  assetId: string | null = null,
): Promise<{ faceIds: string[]; assetIds: string[] }> {
  const assetIds =
    assetId === null
      ? await insertAssets(
          owner,
          faces.map(() => ({})),
        )
      : faces.map(() => assetId);
  const rows = faces.map((face, i) => {
    serial += 1;
    const vector = quantize(face.vector);
    return {
      id: newId("face", 1_700_000_000_000 + serial),
      assetId: assetIds[i],
      personId: face.personId ?? null,
      source: face.source ?? "automatic",
      assignedBy: face.assignedBy ?? null,
      model: face.model ?? TEST_MODEL.model,
      vector: new Uint8Array(vector.buffer).toHex(),
    };
  });
  const json = JSON.stringify(rows);
  await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO faces (id, library_id, asset_id, person_id, x, y, w, h, confidence, source, assigned_by, model, created_at, updated_at)
       SELECT r.value ->> 'id', ?1, r.value ->> 'assetId', r.value ->> 'personId', 1, 2, 30, 40, 0.9, r.value ->> 'source',
         r.value ->> 'assignedBy', r.value ->> 'model', 0, 0 FROM json_each(?2) r`,
    ).bind(owner.libraryId, json),
    env.DB.prepare(
      `INSERT INTO face_embeddings (face_id, library_id, asset_id, model, vector, waiting, revision)
       SELECT r.value ->> 'id', ?1, r.value ->> 'assetId', r.value ->> 'model', unhex(r.value ->> 'vector'), 0, 0 FROM json_each(?2) r`,
    ).bind(owner.libraryId, json),
  ]);
  return { faceIds: rows.map(({ id }) => id), assetIds };
}

export async function insertPerson(
  owner: { userId: string; libraryId: string },
  fields: { name?: string | null; isHidden?: boolean } = {},
): Promise<string> {
  const id = newId("person");
  const { name = null, isHidden = false } = fields;
  await env.DB.prepare(
    `INSERT INTO people (id, library_id, user_id, name, folded_name, sort_name, is_hidden, created_at, updated_at)
     VALUES (?1, ?2, ?3, ?4, lower(?4), lower(?4), ?5, 0, 0)`,
  )
    .bind(id, owner.libraryId, owner.userId, name, isHidden ? 1 : 0)
    .run();
  return id;
}

export async function setFaceDetection(userId: string, preference: boolean | null): Promise<void> {
  await env.DB.prepare("UPDATE users SET face_detection_preference = ? WHERE id = ?")
    .bind(preference === null ? null : Number(preference), userId)
    .run();
}
