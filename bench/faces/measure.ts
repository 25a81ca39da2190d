/**
 * `node bench/faces/measure.ts [DIR]`: recall and precision of the default recognizer on test/fixtures/faces, and how well
 * it separates the people of identities.json there or in DIR. DIR has pictures and an identities.json of its own.
 */
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { RgbaImage } from "../../src/media/transcode/rgbaImage.ts";
import { clusterInOrder } from "../../test/support/faces/clusterInOrder.ts";
import { pairwiseF1 } from "../../test/support/faces/pairwiseF1.ts";
import { shuffled } from "../../test/support/faces/syntheticFaces.ts";
import type { PersonPictures } from "../../test/fixtures/faces/people.ts";
import { loadWasmModules } from "../cpu/wasmModules.ts";
import { evaluateDetection, evaluateIdentities, identifyFaces } from "./evaluate.ts";

loadWasmModules();
const { createFaceRecognizer } = await import("../../src/providers/faces/faceRecognizerFactory.ts");
const { thresholdsOf } = await import("../../src/operations/faces/clustering/thresholds.ts");

const ORDERS = 20;
const PUBLIC_FOLDER = "public";

/** Static assets from the folder that the Worker serves. */
const assets = {
  fetch: async (request: Request | URL | string) => {
    const { pathname } = new URL(request instanceof Request ? request.url : request);
    return new Response(new Uint8Array(await readFile(join(PUBLIC_FOLDER, pathname))));
  },
};

// eslint-disable-next-line typescript/no-unsafe-type-assertion -- the recognizer only fetches.
const recognizer = createFaceRecognizer(
  { faceRecognizer: { kind: "worker" } },
  { ASSETS: assets as unknown as Fetcher },
);
if (recognizer === null) throw new Error("no default recognizer");

async function recognize(pixels: RgbaImage) {
  const { width, height } = pixels;
  const bytes = (): Promise<never> => Promise.reject(new Error("the recognizer reads pixels"));
  const image = { width, height, mimeType: "image/jpeg", bytes, pixels: () => Promise.resolve(pixels) };
  return (await recognizer?.recognize(image)) ?? [];
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

async function printDetection(): Promise<void> {
  const { total, pictures } = await evaluateDetection(recognize);
  console.log(`${pictures.length} pictures, ${total.labelled} faces of at least 5 % of the long side`);
  console.log(`recall ${percent(total.recall)}, precision ${percent(total.precision)}`);
  for (const { file, missed, falsePositives } of pictures) {
    if (missed.length + falsePositives.length > 0)
      console.log(`  ${file}: ${missed.length} missed, ${falsePositives.length} wrong`);
  }
}

async function printIdentities(folder: string | null): Promise<void> {
  const people: PersonPictures[] | null =
    folder === null ? null : JSON.parse(await readFile(join(folder, "identities.json"), "utf8"));
  const faces = await identifyFaces(recognize, folder === null || people === null ? {} : { people, folder });
  const missing = faces.filter(({ embedding }) => embedding === null);
  console.log(`${faces.length} pictures of ${new Set(faces.map(({ identity }) => identity)).size} people`);
  for (const { file } of missing) console.log(`  ${file}: no embedding`);
  const { best, thresholds } = evaluateIdentities(faces);
  const line = ({ threshold, precision, recall, f1 }: typeof best): string =>
    `cosine ≥ ${threshold.toFixed(2)}: precision ${percent(precision)}, recall ${percent(recall)}, F1 ${f1.toFixed(3)}`;
  for (const score of thresholds.filter((_, index) => index % 10 === 0)) console.log(`  ${line(score)}`);
  console.log(`best pairs: ${line(best)}`);
  const scores = Array.from({ length: ORDERS }, (_, seed) => {
    const arriving = shuffled(faces, seed);
    const compared = arriving.flatMap(({ file, embedding }) =>
      embedding === null ? [] : [{ id: file, vector: embedding }],
    );
    const persons = clusterInOrder(compared, thresholdsOf(recognizer?.model ?? ""));
    return pairwiseF1(arriving.map(({ file, identity }) => ({ identity, cluster: persons.get(file) ?? null })));
  });
  const f1s = scores.map(({ f1 }) => f1);
  const lowest = (key: "precision" | "recall") => percent(Math.min(...scores.map((score) => score[key])));
  console.log(
    `clusters in ${ORDERS} orders of arrival: F1 ${Math.min(...f1s).toFixed(3)} to ${Math.max(...f1s).toFixed(3)}, ` +
      `precision from ${lowest("precision")}, recall from ${lowest("recall")}`,
  );
}

const folder = process.argv[2];
if (folder === undefined) await printDetection();
await printIdentities(folder === undefined ? null : resolve(folder));
