/** `npm run bench:faces`: CPU time and memory of recognizing the faces of a preview in workerd. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { z } from "zod";
import type { RgbaImage } from "../src/media/transcode/rgbaImage.ts";
import { copyFaceModels } from "../scripts/copyFaceModels.ts";
import { median } from "./cpu/clock.ts";
import { readPicture } from "./faces/evaluate.ts";
import { treeCpuMs } from "./load/processTree.ts";
import { startWorker, type Server } from "./load/servers.ts";

const ROUNDS = 7;
/** CPU time is counted in steps of 10 ms. */
const RUNS_PER_ROUND = 10;
const BACKGROUND = "samples/el_torcal_rocks.jpg";
const WIDTH = 1440;
const HEIGHT = 1080;
const FACE_PX = 260;

const figuresSchema = z.object({ faces: z.number(), kernelBytes: z.number(), weightBytes: z.number() });

/** A landscape with portraits of the test's people on it. */
async function photoWithFaces(people: string[]): Promise<RgbaImage> {
  const portraits = await Promise.all(
    people.map(async (person, i) => ({
      input: await sharp(`test/fixtures/faces/identities/${person}-portrait.jpg`).resize(FACE_PX).toBuffer(),
      left: 80 + i * 450,
      top: 300 + (i % 2) * 250,
    })),
  );
  const photo = sharp(BACKGROUND).resize(WIDTH, HEIGHT, { fit: "cover" }).composite(portraits).ensureAlpha().raw();
  return { width: WIDTH, height: HEIGHT, rgba: new Uint8Array(await photo.toBuffer()) };
}

async function recognize({ origin }: Server, { width, rgba }: RgbaImage, rounds: number) {
  const response = await fetch(`${origin}/?rounds=${rounds}&width=${width}`, {
    method: "POST",
    body: Buffer.from(rgba),
  });
  if (!response.ok) throw new Error(await response.text());
  return figuresSchema.parse(await response.json());
}

/** CPU time of one picture, without that of the request. */
async function measure(server: Server, image: RgbaImage) {
  const figures = await recognize(server, image, RUNS_PER_ROUND);
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = treeCpuMs(server.pid);
    await recognize(server, image, 0);
    const between = treeCpuMs(server.pid);
    await recognize(server, image, RUNS_PER_ROUND);
    times.push((treeCpuMs(server.pid) - between - (between - before)) / RUNS_PER_ROUND);
  }
  return { ...figures, cpuMs: median(times) };
}

const inputs: [string, Promise<RgbaImage>][] = [
  ["landscape, 1,440 × 1,080", photoWithFaces([])],
  ["one face", photoWithFaces(["01"])],
  ["three faces", photoWithFaces(["01", "05", "08"])],
  ["group of 29, 1927", readPicture("detection/solvay-1927.jpg")],
];

copyFaceModels();
const folder = mkdtempSync(join(tmpdir(), "tintype-faces-"));
const server = await startWorker("bench/faceRecognizer/wrangler.toml", folder);
const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
try {
  const startMs = treeCpuMs(server.pid);
  const picture = await photoWithFaces(["01"]);
  const { weightBytes, kernelBytes } = await recognize(server, picture, 1);
  console.log(`first picture, with loading the models: ${treeCpuMs(server.pid) - startMs} ms of CPU`);
  console.log(`memory: kernel ${megabytes(kernelBytes)} MB, weights ${megabytes(weightBytes)} MB\n`);
  console.log("| preview | faces found | CPU ms |\n| --- | ---: | ---: |");
  for (const [name, image] of inputs) {
    const { faces, cpuMs } = await measure(server, await image);
    console.log(`| ${name} | ${faces} | ${cpuMs.toFixed(0)} |`);
  }
} finally {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
}
