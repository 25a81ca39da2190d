/** The data that documented commands expect: uploads, an album and a stack. */
import { z } from "zod";
import type { Api } from "../demo/client.ts";
import { readLocalKey, uploadFile } from "../demo/client.ts";

const created = z.object({ id: z.string() });

async function send(api: Api, path: string, body: unknown): Promise<unknown> {
  const headers = { Authorization: `Bearer ${api.key}`, "Content-Type": "application/json" };
  const response = await fetch(api.origin + path, { method: "POST", headers, body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`POST ${path} responded with ${response.status}: ${text}`);
  return text === "" ? null : JSON.parse(text);
}

/** Uploads three samples, one with a position, and creates an album and a stack of two of them. */
export async function seed(origin: string): Promise<void> {
  const api = { origin, key: await readLocalKey() };
  const ids: string[] = [];
  for (const name of ["Portrait_8.jpg", "thompson-springs.jpg", "denali.webp"]) {
    ids.push((await uploadFile(api, `samples/${name}`)).id);
  }
  const album = created.parse(await send(api, "/api/albums", { name: "Iceland" }));
  await send(api, `/api/albums/${album.id}/assets`, { asset_ids: ids });
  await send(api, "/api/stacks", { asset_ids: ids.slice(0, 2) });
}
