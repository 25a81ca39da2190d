/**
 * `npm run bench:counts`: the operations of a photo's life and of browsing, in the units that Cloudflare bills. Counts
 * are the same on every machine, so `npm run bench:check` compares them with the committed ones.
 */
import { env } from "cloudflare:workers";
import { it } from "vitest";
import { checkIntegrity } from "../src/operations/maintenance/integrity.ts";
import { scrubOriginals } from "../src/operations/maintenance/scrub.ts";
import type { Context } from "../src/operations/context.ts";
import { openDatabase } from "../src/records/database.ts";
import { deliver, runSchedule } from "../test/support/bindings/consumer.ts";
import { testContext } from "../test/support/context.ts";
import { recordingQueue } from "../test/support/bindings/queue.ts";
import { call, upload, uploadForm } from "../test/support/clients/api.ts";
import { seedLibrary } from "../test/support/rows/seed.ts";
import { indexAll } from "../test/support/search/textIndex.ts";
import { sampleBytes } from "../test/fixtures/media/samples.ts";
import { countStep, deliverAll } from "./counts/countSteps.ts";
import type { CountedCosts, CountedStep } from "./counts/countedStep.ts";
import { PHOTO_PATH } from "./load/photoPath.ts";

type Bindings = Partial<Cloudflare.Env>;

interface Subject {
  title: string;
  path: string;
  settings: Bindings;
}

const photo = (title: string, settings: Bindings): Subject => ({ title, path: PHOTO_PATH, settings });

/** The photo of the bill, with GPS, by each way to render it. */
const photos = [
  photo("photo, RENDERER=images", { RENDERER: "images" }),
  photo("photo, RENDERER=worker", { RENDERER: "worker" }),
  photo("photo, WORKERS_PLAN=free", { WORKERS_PLAN: "free" }),
];

const otherFiles: Subject[] = [
  { title: "JPEG without GPS", path: "0008_Panasonic_DMC-LC40.jpg", settings: {} },
  { title: "HEIC", path: "IMG_2682.heic", settings: {} },
  { title: "MOV", path: "IMG_7943.MOV", settings: {} },
];

interface UploadedAsset {
  id: string;
  asset_urls: Record<string, { url: string }>;
}

let serial = 0;

/** Bytes after the end of a JPEG change its digest and nothing else. */
function distinct(bytes: Uint8Array): Uint8Array {
  serial += 1;
  const tail = new TextEncoder().encode(`copy ${serial}`);
  const copy = new Uint8Array(bytes.length + tail.length);
  copy.set(bytes);
  copy.set(tail, bytes.length);
  return copy;
}

async function expectSuccess(response: Response): Promise<Response> {
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  await response.clone().arrayBuffer();
  return response;
}

const mediaRequest = (url: string) => async (bindings: Bindings) => {
  await expectSuccess(await call("GET", url, { token: null, env: bindings }));
  return 1;
};

const apiRequest =
  (method: string, path: string, json?: unknown) =>
  async (bindings: Bindings): Promise<number> => {
    await expectSuccess(await call(method, path, { env: bindings, ...(json === undefined ? {} : { json }) }));
    return 1;
  };

/** Uploads a file, runs its tasks, and adds it to the text index. */
async function countArrival(
  steps: CountedStep[],
  { title, settings }: Subject,
  bytes: Uint8Array,
): Promise<UploadedAsset> {
  let asset: UploadedAsset = { id: "", asset_urls: {} };
  const name = title.split(" ")[0] === "HEIC" ? "photo.heic" : "photo.jpg";
  const uploaded = await countStep(title, "upload", settings, async (bindings) => {
    const response = await call("POST", "/api/assets", { env: bindings, body: uploadForm(bytes, { name }) });
    asset = await (await expectSuccess(response)).json();
    return 1;
  });
  const tasks = await countStep(title, "all tasks", settings, (bindings, sent) =>
    deliverAll(uploaded.sent, sent, bindings),
  );
  // Assets that arrive within seconds of each other share a message.
  const indexed = await countStep(title, "text index", settings, (bindings, sent) =>
    deliverAll(tasks.indexing, sent, bindings),
  );
  steps.push(uploaded.counted, tasks.counted, indexed.counted);
  return asset;
}

async function countViews(steps: CountedStep[], { title, settings }: Subject, asset: UploadedAsset): Promise<void> {
  for (const variant of ["thumbnail", "preview", "fullsize"]) {
    const url = asset.asset_urls[variant]?.url;
    if (url === undefined) continue;
    const first = await countStep(title, `first ${variant}`, settings, mediaRequest(url));
    const later = await countStep(title, `later ${variant}`, settings, mediaRequest(url));
    steps.push(first.counted, later.counted);
  }
}

/** Changes of one asset with the deliveries of the messages that they send. The last one deletes it. */
async function countChanges(steps: CountedStep[], { title, settings }: Subject, asset: UploadedAsset): Promise<void> {
  const ids = { ids: [asset.id] };
  const changes: [step: string, work: (bindings: Bindings) => Promise<number>][] = [
    ["description", apiRequest("PATCH", `/api/assets/${asset.id}`, { description: "a falcon" })],
    ["trash", apiRequest("POST", "/api/assets/trash", ids)],
    ["restore", apiRequest("POST", "/api/assets/restore", ids)],
    ["deletion", apiRequest("DELETE", `/api/assets/${asset.id}`)],
  ];
  for (const [step, work] of changes) {
    const { counted } = await countStep(title, step, settings, async (bindings, sent) => {
      const requests = await work(bindings);
      return requests + (await deliverAll(sent, sent, bindings));
    });
    steps.push(counted);
  }
}

const LIBRARY_PHOTOS = 40;
const LIBRARY_SAMPLE = "thompson-springs.jpg";

async function databaseBytes(): Promise<number> {
  return (await env.DB.prepare("SELECT 1").run()).meta.size_after;
}

async function derivedBytes(assetId: string): Promise<number> {
  const row = await env.DB.prepare("SELECT derived_bytes AS bytes FROM assets WHERE id = ?")
    .bind(assetId)
    .first<{ bytes: number }>();
  return row?.bytes ?? 0;
}

/** Fills a library with small photos and all their rows. Returns the growth of the database by one of them. */
async function fillLibrary(): Promise<number> {
  const bytes = await sampleBytes(LIBRARY_SAMPLE);
  const before = await databaseBytes();
  const queue = recordingQueue();
  for (let i = 0; i < LIBRARY_PHOTOS; i += 1) {
    const fileCreatedAt = new Date(Date.UTC(2024, 0, 1 + i)).toISOString();
    const options = { env: { QUEUE: queue.binding }, deviceAssetId: `library-${i}`, fileCreatedAt };
    await expectSuccess(await upload(distinct(bytes), options));
  }
  for (const message of queue.sent.slice()) await deliver([message], { env: { QUEUE: queue.binding } });
  return Math.round(((await databaseBytes()) - before) / LIBRARY_PHOTOS);
}

const HOUR_MS = 3600_000;

/** The scheduled runs of a library whose objects are old enough to be checked: with checks due, then without. */
async function countSchedule(steps: CountedStep[]): Promise<void> {
  const nowMs = Date.now() + 2 * HOUR_MS;
  const contextOf = ({ DB = env.DB, BUCKET = env.BUCKET, QUEUE = env.QUEUE }: Bindings) =>
    testContext({ db: openDatabase(DB, "primary"), bucket: BUCKET, queue: QUEUE, nowMs });
  const subject = `library of ${LIBRARY_PHOTOS}`;
  const checks: Record<string, (context: Context) => Promise<unknown>> = {
    "integrity report": (context) => checkIntegrity(context, 1000),
    scrub: scrubOriginals,
  };
  for (const [step, check] of Object.entries(checks)) {
    const counted = await countStep(subject, step, {}, async (bindings) => {
      await check(contextOf(bindings));
      return 0;
    });
    steps.push(counted.counted);
  }
  await runSchedule();
  const idle = await countStep(subject, "scheduled run, nothing due", {}, async (bindings) => {
    await runSchedule(bindings);
    return 1;
  });
  steps.push(idle.counted);
}

const BROWSED_ASSETS = 10_000;

async function countBrowsing(steps: CountedStep[]): Promise<void> {
  const user = await (await call("GET", "/api/users/me")).json<{ id: string }>();
  const [uploads] = await (await call("GET", "/api/libraries")).json<{ id: string }[]>();
  const { libraryId } = await seedLibrary(user.id, BROWSED_ASSETS);
  const inLibrary = `library_id=${libraryId}`;
  const list = await call("GET", `/api/assets?include=&limit=1&${inLibrary}`);
  const { data } = await list.json<{ data: { id: string }[] }>();
  const pages: [step: string, path: string][] = [
    ["one asset", `/api/assets/${data[0]?.id}`],
    ["page of 100, lean", `/api/assets?include=&limit=100&${inLibrary}`],
    ["page of 100, all groups", `/api/assets?limit=100&${inLibrary}`],
    ["month counts", `/api/assets/counts?${inLibrary}`],
    ["page of events", `/api/events?limit=50&library_id=${uploads?.id}`],
  ];
  for (const [step, path] of pages) {
    // The Worker remembers the credential of the first request. A client that browses sends many.
    await apiRequest("GET", path)({});
    steps.push((await countStep("library of 10,000", step, {}, apiRequest("GET", path))).counted);
  }
}

it("counts the operations of photos", { timeout: 600_000 }, async ({ task }) => {
  const steps: CountedStep[] = [];
  let derivedBytesPerPhoto = 0;
  // A new account's first request creates its user and its library.
  await apiRequest("GET", "/api/users/me")({});
  const databaseBytesPerPhoto = await fillLibrary();
  await indexAll();
  await countSchedule(steps);
  for (const subject of [...photos, ...otherFiles]) {
    const bytes = distinct(await sampleBytes(subject.path));
    const asset = await countArrival(steps, subject, bytes);
    if (subject.path !== PHOTO_PATH) continue;
    derivedBytesPerPhoto = Math.max(derivedBytesPerPhoto, await derivedBytes(asset.id));
    await countViews(steps, subject, asset);
    await countChanges(steps, subject, asset);
  }
  await countBrowsing(steps);
  Object.assign(task.meta, { figures: { steps, databaseBytesPerPhoto, derivedBytesPerPhoto } satisfies CountedCosts });
});
