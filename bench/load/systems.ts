/** The measured systems and the same work as requests to each of them. */
import { Agent } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { type LoadRequest, sendExpectingSuccess } from "./client.ts";
import { distinctCopy } from "./photos.ts";
import { type Server, startBaseline, startPlatform, startTintype } from "./servers.ts";
import { copyAsset, getAsset, mediaPath, readRequest, uploadPhoto, uploadRequest } from "./tintypeLibrary.ts";

export const workNames = ["asset", "page", "thumbnail", "checked", "upload", "put"] as const;
export type WorkName = (typeof workNames)[number];

export interface System {
  name: "Tintype" | "platform" | "baseline";
  server: Server;
  /** Makes the next request of a work; absent where the system has no such work. */
  requests: Partial<Record<WorkName, () => LoadRequest>>;
}

const LIBRARY_ROWS = 10_000;
const JPEG = { "Content-Type": "image/jpeg" };

/** Returns the items one after the other, then starts again. */
function cycle<T>(items: T[]): () => T {
  let index = 0;
  return () => {
    const item = items[index++ % items.length];
    if (item === undefined) throw new Error("no items to cycle through");
    return item;
  };
}

async function openTintype(directory: string, photo: Buffer): Promise<{ system: System; thumbnail: Buffer }> {
  const server = await startTintype(directory, { pauseTasks: true, vars: {} });
  const agent = new Agent();
  const uploaded = await uploadPhoto(server, agent, distinctCopy(photo));
  const ids = copyAsset(join(directory, "state"), uploaded.id, LIBRARY_ROWS);
  const thumbnailPath = mediaPath(await getAsset(server, agent, uploaded.id), "thumbnail");
  // The first request makes the thumbnail, because tasks are paused.
  const thumbnail = await sendExpectingSuccess(server.origin, agent, { method: "GET", path: thumbnailPath });
  const nextId = cycle(ids);
  const requests = {
    asset: () => readRequest(server.key, `/api/assets/${nextId()}`),
    page: () => readRequest(server.key, "/api/assets?include=&limit=100"),
    thumbnail: (): LoadRequest => ({ method: "GET", path: thumbnailPath }),
    upload: () => uploadRequest(server.key, distinctCopy(photo)),
  };
  return { system: { name: "Tintype", server, requests }, thumbnail: thumbnail.body };
}

async function openPlatform(directory: string, photo: Buffer, thumbnail: Buffer): Promise<System> {
  const server = await startPlatform(directory);
  const agent = new Agent();
  await sendExpectingSuccess(server.origin, agent, { method: "POST", path: `/seed/${LIBRARY_ROWS}` });
  const stored: LoadRequest = { method: "PUT", path: "/object/thumbnail", body: [thumbnail] };
  await sendExpectingSuccess(server.origin, agent, stored);
  let index = 0;
  const nextIndex = (): number => index++ % LIBRARY_ROWS;
  return {
    name: "platform",
    server,
    requests: {
      asset: () => ({ method: "GET", path: `/photo/photo_${String(nextIndex()).padStart(22, "0")}` }),
      page: () => ({ method: "GET", path: "/page" }),
      thumbnail: () => ({ method: "GET", path: "/object/thumbnail" }),
      checked: () => ({ method: "GET", path: "/checked/thumbnail" }),
      upload: () => ({ method: "POST", path: "/upload", headers: JPEG, body: distinctCopy(photo) }),
      put: () => ({ method: "PUT", path: `/object/${nextIndex()}`, headers: JPEG, body: distinctCopy(photo) }),
    },
  };
}

const uploadedSchema = z.object({ id: z.string() });

async function openBaseline(directory: string, photo: Buffer): Promise<System> {
  const server = await startBaseline(directory, LIBRARY_ROWS);
  const agent = new Agent();
  const upload: LoadRequest = { method: "POST", path: "/photos", headers: JPEG, body: distinctCopy(photo) };
  const { body } = await sendExpectingSuccess(server.origin, agent, upload);
  const { id } = uploadedSchema.parse(JSON.parse(body.toString()));
  const path = `/photos/${id}/thumbnail`;
  const hasThumbnail = (): Promise<boolean> =>
    sendExpectingSuccess(server.origin, agent, { method: "GET", path }).then(
      ({ body: image }) => image.length > 0,
      () => false,
    );
  while (!(await hasThumbnail())) await sleep(100);
  let index = 0;
  return {
    name: "baseline",
    server,
    requests: {
      asset: () => ({ method: "GET", path: `/photos/${String(index++ % LIBRARY_ROWS).padStart(22, "0")}` }),
      page: () => ({ method: "GET", path: "/page/100" }),
      thumbnail: () => ({ method: "GET", path }),
      upload: () => ({ method: "POST", path: "/photos/untouched", headers: JPEG, body: distinctCopy(photo) }),
    },
  };
}

/** Starts all systems with 10,000 rows each; the thumbnail that the platform serves is Tintype's. */
export async function openSystems(directory: string, photo: Buffer): Promise<System[]> {
  const { system, thumbnail } = await openTintype(join(directory, "tintype"), photo);
  const systems = [system];
  try {
    systems.push(await openPlatform(join(directory, "platform"), photo, thumbnail));
    systems.push(await openBaseline(join(directory, "baseline"), photo));
    return systems;
  } catch (error) {
    await closeSystems(systems);
    throw error;
  }
}

export async function closeSystems(systems: System[]): Promise<void> {
  await Promise.all(systems.map(({ server }) => server.close()));
}
