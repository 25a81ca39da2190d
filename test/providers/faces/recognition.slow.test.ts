/** Recognition by the default recognizer and clustering with its thresholds, on the people of test/fixtures/faces. */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { thresholdsOf } from "../../../src/operations/faces/clustering/thresholds.ts";
import { createFaceRecognizer } from "../../../src/providers/faces/faceRecognizerFactory.ts";
import { peoplePictures, type PersonPictures } from "../../fixtures/faces/people.ts";
import { clusterInOrder } from "../../support/faces/clusterInOrder.ts";
import { faceImage, pictureBytes } from "../../support/faces/faceImages.ts";
import { pairwiseF1 } from "../../support/faces/pairwiseF1.ts";
import { shuffled } from "../../support/faces/syntheticFaces.ts";

const MIN_F1 = 0.9;
/** Between the best and the worst order of arrival. */
const MAX_ORDER_DIFFERENCE = 0.02;
const ORDERS = 20;

const recognizer = createFaceRecognizer({ faceRecognizer: { kind: "worker" } }, env);
if (recognizer === null) throw new Error("no default recognizer");

interface KnownFace {
  id: string;
  identity: string;
  vector: Float32Array | null;
}

/** The largest face of each picture; without an embedding if none was found. */
async function recognizePeople(people: readonly PersonPictures[]): Promise<KnownFace[]> {
  const faces: KnownFace[] = [];
  for (const { person, files } of people) {
    for (const file of files) {
      const found = (await recognizer?.recognize(await faceImage(await pictureBytes(file)))) ?? [];
      const [largest] = found.toSorted((one, other) => other.box.h - one.box.h);
      faces.push({ id: file, identity: person, vector: largest?.embedding ?? null });
    }
  }
  return faces;
}

const faces = await recognizePeople(peoplePictures);

function scoreOf(arriving: readonly KnownFace[]): number {
  const compared = arriving.flatMap(({ id, vector }) => (vector === null ? [] : [{ id, vector }]));
  const persons = clusterInOrder(compared, thresholdsOf(recognizer?.model ?? ""));
  return pairwiseF1(arriving.map(({ id, identity }) => ({ identity, cluster: persons.get(id) ?? null }))).f1;
}

describe("the default recognizer with the default thresholds", () => {
  it("groups the pictures of each person with a pairwise F1 of at least 0.9", () => {
    expect(scoreOf(faces)).toBeGreaterThanOrEqual(MIN_F1);
  });

  it("groups nearly the same in any order of arrival", () => {
    const scores = Array.from({ length: ORDERS }, (_, seed) => scoreOf(shuffled(faces, seed)));
    expect(Math.min(...scores)).toBeGreaterThanOrEqual(MIN_F1);
    expect(Math.max(...scores) - Math.min(...scores)).toBeLessThanOrEqual(MAX_ORDER_DIFFERENCE);
  });

  it("finds the two people of the demo on three photos each", async () => {
    const shots = { "07": ["park", "portrait", "selfie"], "09": ["patio", "portrait", "selfie"] };
    const people = Object.entries(shots).map(([person, names]) => ({
      person,
      files: names.map((name) => `../../../samples/people/person-${person}-${name}.jpg`),
    }));
    expect(scoreOf(await recognizePeople(people))).toBe(1);
  });
});
