/** `npm run bench:asset`: the cost of a photo: upload, all tasks, first and later thumbnails. */
import { env } from "cloudflare:workers";
import { it } from "vitest";
import { openDatabase } from "../src/records/database.ts";
import { runPendingTasks } from "../src/operations/tasks/taskRunner.ts";
import { sampleBytes } from "../test/fixtures/media/samples.ts";
import { call, upload } from "../test/support/clients/api.ts";
import { instrumentedBucket } from "../test/support/bindings/bucket.ts";
import { countingD1 } from "../test/support/bindings/d1.ts";
import { countingImages } from "../test/support/bindings/images.ts";
import { recordingQueue } from "../test/support/bindings/queue.ts";
import { testContext } from "../test/support/context.ts";

/** R2's billing classes; delete and abort are free. */
const CLASS_A = new Set(["put", "list", "createMultipartUpload", "uploadPart", "complete"]);
const CLASS_B = new Set(["get", "head"]);

async function measureStep(file: string, step: string, work: (bindings: Partial<Cloudflare.Env>) => Promise<unknown>) {
  const database = countingD1(env.DB);
  const bucket = instrumentedBucket();
  const queue = recordingQueue();
  const { images, renders } = countingImages();
  await work({ DB: database.binding, BUCKET: bucket.binding, QUEUE: queue.binding, IMAGES: images });
  const classA = bucket.calls.filter((name) => CLASS_A.has(name)).length;
  const classB = bucket.calls.filter((name) => CLASS_B.has(name)).length;
  const { roundTrips, rowsRead, rowsWritten } = database.counts;
  return `| ${file} | ${step} | ${roundTrips} | ${rowsRead} | ${rowsWritten} | ${classA} | ${classB} | ${queue.sent.length} | ${renders()} |`;
}

const files = ["0008_Panasonic_DMC-LC40.jpg", "thompson-springs.jpg", "IMG_2682.heic", "IMG_7943.MOV"];

it("prints the operations per asset", { timeout: 300_000 }, async () => {
  await call("GET", "/api/users/me");
  const lines = [
    "| file | step | D1 round trips | rows read | rows written | R2 class A | R2 class B | queue messages | renderings |",
    "|---|---|--:|--:|--:|--:|--:|--:|--:|",
  ];
  for (const name of files) {
    const bytes = await sampleBytes(name);
    let asset = { id: "", asset_urls: {} as Record<string, { url: string }> };
    lines.push(
      await measureStep(name, "upload", async (bindings) => {
        asset = await (await upload(bytes, { name, env: bindings })).json();
      }),
      await measureStep(
        name,
        "all tasks",
        async ({ DB = env.DB, BUCKET = env.BUCKET, QUEUE = env.QUEUE, IMAGES = env.IMAGES }) => {
          await runPendingTasks(
            testContext({ db: openDatabase(DB, "primary"), bucket: BUCKET, queue: QUEUE, images: IMAGES }),
            asset.id,
          );
        },
      ),
    );
    const thumbnail = asset.asset_urls["thumbnail"];
    if (thumbnail === undefined) continue;
    const open = async (bindings: Partial<Cloudflare.Env>): Promise<unknown> =>
      await (await call("GET", thumbnail.url, { token: null, env: bindings })).arrayBuffer();
    lines.push(await measureStep(name, "first thumbnail", open), await measureStep(name, "later thumbnails", open));
  }
  console.log(lines.join("\n"));
});
