/** `npm run bench:asset`: what one photo costs, from its upload to its last task and its first thumbnail. */
import { env } from "cloudflare:workers";
import { it } from "vitest";
import { openDatabase } from "../src/records/database.ts";
import { workOn } from "../src/operations/tasks/taskRunner.ts";
import { sampleBytes } from "../test/fixtures/media/samples.ts";
import { call, upload } from "../test/support/clients/api.ts";
import { watchedBucket } from "../test/support/bindings/bucket.ts";
import { countingD1 } from "../test/support/bindings/d1.ts";
import { countingImages } from "../test/support/bindings/images.ts";
import { keptQueue } from "../test/support/bindings/queue.ts";

/** What R2 bills as class A; get and head are class B, delete and abort are free. */
const CLASS_A = new Set(["put", "list", "createMultipartUpload", "uploadPart", "complete"]);
const CLASS_B = new Set(["get", "head"]);

async function measured(name: string, step: string, work: (bindings: Partial<Cloudflare.Env>) => Promise<unknown>) {
  const database = countingD1(env.DB);
  const bucket = watchedBucket();
  const queue = keptQueue();
  const { images, renders } = countingImages();
  await work({ DB: database.binding, BUCKET: bucket.binding, QUEUE: queue.binding, IMAGES: images });
  const classA = bucket.calls.filter((made) => CLASS_A.has(made)).length;
  const classB = bucket.calls.filter((made) => CLASS_B.has(made)).length;
  const { roundTrips, rowsRead, rowsWritten } = database.counts;
  return `| ${name} | ${step} | ${roundTrips} | ${rowsRead} | ${rowsWritten} | ${classA} | ${classB} | ${queue.sent.length} | ${renders()} |`;
}

const files = [
  "0008_Panasonic_DMC-LC40.jpg",
  "0017_thompson-springs.jpg",
  "0019_IMG_2682.heic",
  "0000_IMG_7943_HEVC.MOV",
];

it("prints operations an asset", { timeout: 300_000 }, async () => {
  await call("GET", "/api/users/me");
  const lines = [
    "| file | step | D1 trips | rows read | rows written | R2 class A | R2 class B | queue messages | renders |",
    "|---|---|--:|--:|--:|--:|--:|--:|--:|",
  ];
  for (const name of files) {
    const bytes = await sampleBytes(name);
    let asset = { id: "", asset_urls: {} as Record<string, { url: string }> };
    lines.push(
      await measured(name, "upload", async (bindings) => {
        asset = await (await upload(bytes, { name, env: bindings })).json();
      }),
      await measured(
        name,
        "all of its tasks",
        async ({ DB = env.DB, BUCKET = env.BUCKET, QUEUE = env.QUEUE, IMAGES = env.IMAGES }) => {
          await workOn(
            { db: openDatabase(DB, "primary"), bucket: BUCKET, queue: QUEUE, images: IMAGES, nowMs: Date.now() },
            asset.id,
          );
        },
      ),
    );
    const thumbnail = asset.asset_urls["thumbnail"];
    if (thumbnail === undefined) continue;
    const open = async (bindings: Partial<Cloudflare.Env>): Promise<unknown> =>
      await (await call("GET", thumbnail.url, { token: null, env: bindings })).arrayBuffer();
    lines.push(await measured(name, "first thumbnail", open), await measured(name, "every further one", open));
  }
  console.log(lines.join("\n"));
});
