/** Uploads photos and waits until the thumbnail, preview and thumbhash of each are there and downloaded. */
import { Agent } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { type LoadRequest, sendExpectingSuccess } from "./client.ts";
import { distinctCopy } from "./photos.ts";
import { treeCpuMs } from "./processTree.ts";
import type { Server, TintypeServer } from "./servers.ts";
import { listAssets, mediaPath, uploadRequest } from "./tintypeLibrary.ts";

const IN_FLIGHT = 8;
const POLL_MS = 200;
const TIMEOUT_MS = 600_000;

export interface ImportTimes {
  photos: number;
  uploadedS: number;
  completeS: number;
  /** CPU time of the server and its processes for one photo. */
  cpuMs: number;
}

interface Importer {
  server: Server;
  upload: (photo: Buffer[]) => LoadRequest;
  /** The thumbnail's and preview's paths of every photo with a thumbhash, by id. */
  finished: (agent: Agent) => Promise<Map<string, string[]>>;
}

const uploadedSchema = z.object({ id: z.string() });

async function inParallel<T>(items: T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = [...items];
  const client = async (): Promise<void> => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, client));
}

/** Waits until every photo is finished; downloads images as they become ready. */
async function downloadAll({ server, finished }: Importer, agent: Agent, ids: Set<string>): Promise<void> {
  const deadlineMs = Date.now() + TIMEOUT_MS;
  const missing = new Set(ids);
  while (missing.size > 0) {
    if (Date.now() > deadlineMs) {
      const state = `${missing.size} of ${ids.size} photos were not finished in ${TIMEOUT_MS / 1000} s`;
      throw new Error(`${state}. Output of the server:\n${server.recentOutput()}`);
    }
    const ready = [...(await finished(agent))].filter(([id]) => missing.has(id));
    const paths = ready.flatMap(([, images]) => images);
    await inParallel(paths, async (path) => {
      await sendExpectingSuccess(server.origin, agent, { method: "GET", path });
    });
    for (const [id] of ready) missing.delete(id);
    if (ready.length === 0) await sleep(POLL_MS);
  }
}

export async function importPhotos(importer: Importer, photo: Buffer, count: number): Promise<ImportTimes> {
  const agent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT });
  const { server } = importer;
  const copies = Array.from({ length: count }, () => distinctCopy(photo));
  const ids = new Set<string>();
  const cpuBefore = treeCpuMs(server.pid);
  const startMs = performance.now();
  await inParallel(copies, async (copy) => {
    const { body } = await sendExpectingSuccess(server.origin, agent, importer.upload(copy));
    ids.add(uploadedSchema.parse(JSON.parse(body.toString())).id);
  });
  const uploadedMs = performance.now();
  await downloadAll(importer, agent, ids);
  const completeMs = performance.now();
  agent.destroy();
  return {
    photos: count,
    uploadedS: (uploadedMs - startMs) / 1000,
    completeS: (completeMs - startMs) / 1000,
    cpuMs: (treeCpuMs(server.pid) - cpuBefore) / count,
  };
}

/** The newest assets first, so that the limit covers the photos of one import. */
export function tintypeImporter(server: TintypeServer): Importer {
  return {
    server,
    upload: (copy) => uploadRequest(server.key, copy),
    finished: async (agent) => {
      const assets = await listAssets(server, agent, "include=variants&limit=200");
      const hashed = assets.filter(({ thumbhash }) => thumbhash !== null);
      return new Map(hashed.map((asset) => [asset.id, [mediaPath(asset, "thumbnail"), mediaPath(asset, "preview")]]));
    },
  };
}

const rowsSchema = z.object({ data: z.array(z.object({ id: z.string(), thumbhash: z.string().nullable() })) });

export function baselineImporter(server: Server): Importer {
  return {
    server,
    upload: (copy) => ({ method: "POST", path: "/photos", body: copy }),
    finished: async (agent) => {
      const { body } = await sendExpectingSuccess(server.origin, agent, { method: "GET", path: "/page/1000" });
      const hashed = rowsSchema.parse(JSON.parse(body.toString())).data.filter(({ thumbhash }) => thumbhash !== null);
      return new Map(hashed.map(({ id }) => [id, [`/photos/${id}/thumbnail`, `/photos/${id}/preview`]]));
    },
  };
}
