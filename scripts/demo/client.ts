import { openAsBlob } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { parseEnv } from "node:util";
import { z } from "zod";

const assetSchema = z.object({
  id: z.string(),
  original_file_name: z.string(),
  local_datetime: z.string(),
  width: z.number(),
  height: z.number(),
  duration: z.number().nullish(),
  thumbhash: z.string().nullish(),
  metadata: z
    .object({
      make: z.string().nullish(),
      model: z.string().nullish(),
      display_label: z.string().nullish(),
      original_datetime: z.string().nullish(),
    })
    .nullish(),
  file_data: z.object({ file_size_bytes: z.number() }).nullish(),
  asset_urls: z.record(z.string(), z.object({ url: z.string() })).nullish(),
});

export type DemoAsset = z.infer<typeof assetSchema>;

const personSchema = z.object({ id: z.string(), name: z.string().nullish(), asset_count: z.number().nullish() });

export type DemoPerson = z.infer<typeof personSchema>;

const taskSchema = z.object({
  asset_id: z.string().nullable(),
  task_type: z.string(),
  status: z.enum(["pending", "started", "success", "failure"]),
  error_message: z.string().nullable(),
});

export type DemoTask = z.infer<typeof taskSchema>;

export interface Api {
  origin: string;
  key: string;
}

export async function readLocalKey(): Promise<string> {
  const key = parseEnv(await readFile(".dev.vars", "utf8"))["ROOT_API_KEY"];
  if (key === undefined || key === "") throw new Error("ROOT_API_KEY is missing in .dev.vars");
  return key;
}

const SAMPLES = "samples";

/** Photos that show the same people several times. */
const PEOPLE_SAMPLES = join(SAMPLES, "people");

export async function samplePaths(): Promise<string[]> {
  const folders = [SAMPLES, PEOPLE_SAMPLES];
  const entries = await Promise.all(folders.map((folder) => readdir(folder, { withFileTypes: true })));
  return entries
    .flat()
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".md"))
    .map(({ name, parentPath }) => join(parentPath, name))
    .toSorted();
}

/** An unsuccessful response of the API. */
export class ApiError extends Error {
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

async function call(api: Api, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { Authorization: `Bearer ${api.key}`, ...init.headers };
  const response = await fetch(api.origin + path, { ...init, headers, signal: AbortSignal.timeout(60_000) });
  if (response.ok) return response;
  const text = await response.text();
  throw new ApiError(`${init.method ?? "GET"} ${path} responded with ${response.status}: ${text}`, response.status);
}

/** The owner's choice about automatic face detection; null before it. */
export async function readFaceDetection(api: Api): Promise<boolean | null> {
  const me: unknown = await (await call(api, "/api/users/me")).json();
  return z.object({ face_detection_preference: z.boolean().nullable() }).parse(me).face_detection_preference;
}

/** Turns on automatic face detection for the owner's photos; false where it is not available. */
export async function turnOnFaceDetection(api: Api): Promise<boolean> {
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify({ face_detection_preference: true });
  try {
    await call(api, "/api/users/me", { method: "PATCH", headers, body });
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status === 409) return false;
    throw error;
  }
}

export interface UploadResult {
  id: string;
  created: boolean;
}

/** The placeholder for an unknown date: the time of a copy on this machine says nothing about the photo. */
const NO_DATE = "0001-01-01T00:00:00Z";

export async function uploadFile(api: Api, path: string): Promise<UploadResult> {
  const form = new FormData();
  form.set("device_asset_id", basename(path));
  form.set("device_id", "tintype-demo");
  form.set("file_created_at", NO_DATE);
  form.set("file_modified_at", NO_DATE);
  form.set("asset_data", await openAsBlob(path), basename(path));
  const response = await call(api, "/api/assets", { method: "POST", body: form });
  return { id: assetSchema.parse(await response.json()).id, created: response.status === 201 };
}

/** Lists the assets with these ids, newest first, with the fields that the demo prints. */
export async function listAssets(api: Api, ids: string[]): Promise<DemoAsset[]> {
  const query = new URLSearchParams({ include: "metadata,file_data,variants", ids: ids.join(","), limit: "200" });
  const response = await call(api, `/api/assets?${query.toString()}`);
  return z.object({ data: z.array(assetSchema) }).parse(await response.json()).data;
}

/** Lists the people of the library, those on most assets first, named or not. */
export async function listPeople(api: Api): Promise<DemoPerson[]> {
  const query = new URLSearchParams({ name_filter: "all", sort: "asset_count_desc", limit: "200" });
  const response = await call(api, `/api/people?${query.toString()}`);
  return z.object({ data: z.array(personSchema) }).parse(await response.json()).data;
}

/** The file names of the assets that show a person, sorted. */
export async function listFileNames(api: Api, { personId }: { personId: string }): Promise<string[]> {
  const query = new URLSearchParams({ person_ids: personId, limit: "200" });
  const response = await call(api, `/api/assets?${query.toString()}`);
  const { data } = z.object({ data: z.array(assetSchema) }).parse(await response.json());
  return data.map((asset) => asset.original_file_name).toSorted();
}

/** Lists the tasks of one asset. */
export async function listTasks(api: Api, assetId: string): Promise<DemoTask[]> {
  const response = await call(api, `/api/tasks/asset/${assetId}`);
  return z.array(taskSchema).parse(await response.json());
}
