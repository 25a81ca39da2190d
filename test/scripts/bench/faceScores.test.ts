import { describe, expect, it } from "vitest";
import { evaluateDetection, evaluateIdentities, identifyFaces } from "../../../bench/faces/evaluate.ts";
import { labelledPictures } from "../../fixtures/faces/labels.ts";
import { peoplePictures } from "../../fixtures/faces/people.ts";
import { overlap, scorePicture } from "../../support/faces/scoreDetections.ts";
import { bestThreshold, verifyPairs } from "../../support/faces/verifyPairs.ts";

const box = { x: 100, y: 100, w: 50, h: 50 };
const picture = { width: 800, height: 600, faces: [{ box, ignore: false }] };

describe("scores of face detection", () => {
  it("measures the overlap of two boxes", () => {
    expect(overlap(box, box)).toBe(1);
    expect(overlap(box, { ...box, x: 125 })).toBeCloseTo(1 / 3);
    expect(overlap(box, { ...box, x: 150 })).toBe(0);
  });

  it("counts a second box of the same face as a false positive", () => {
    const scores = scorePicture(picture, [box, { ...box, x: 105 }]);
    expect(scores).toMatchObject({ found: 1, missed: [], falsePositives: [{ x: 105 }] });
  });

  it("counts a box with too little overlap as a miss and a false positive", () => {
    expect(scorePicture(picture, [{ ...box, x: 125 }])).toMatchObject({ missed: [box], falsePositives: [{ x: 125 }] });
  });

  it("neither requires nor refuses ignored and small faces", () => {
    const small = { x: 10, y: 10, w: 20, h: 30 };
    const faces = [
      { box, ignore: true },
      { box: small, ignore: false },
    ];
    const nothing = { found: 0, missed: [], falsePositives: [] };
    expect(scorePicture({ ...picture, faces }, [])).toEqual(nothing);
    expect(scorePicture({ ...picture, faces }, [box, small])).toEqual(nothing);
  });

  it("finds every label of the set when the labels are the answer", async () => {
    let index = 0;
    const { total } = await evaluateDetection(async () => {
      const { faces = [], width = 1, height = 1 } = labelledPictures[index++] ?? {};
      return await Promise.resolve(
        faces.map((face) => {
          const { x, y, w, h } = face.box;
          return { box: { x: x / width, y: y / height, w: w / width, h: h / height }, confidence: 1 };
        }),
      );
    });
    expect(total).toMatchObject({ recall: 1, precision: 1, missed: 0, falsePositives: 0 });
    expect(total.labelled).toBeGreaterThanOrEqual(150);
    expect(labelledPictures.length).toBeGreaterThanOrEqual(60);
  });

  it("labels lie inside their pictures", () => {
    const outside = labelledPictures.filter(({ faces, width, height }) =>
      faces.some(({ box: { x, y, w, h } }) => x < 0 || y < 0 || w < 1 || h < 1 || x + w > width || y + h > height),
    );
    expect(outside).toEqual([]);
  });
});

describe("scores of identities", () => {
  const face = (identity: string, ...values: number[]) => ({ identity, embedding: Float32Array.from(values) });

  it("sweeps thresholds over all pairs", () => {
    const faces = [face("a", 1, 0), face("a", 0.8, 0.6), face("b", 0, 1), { identity: "b", embedding: null }];
    const [strict, middle, loose] = verifyPairs(faces, [0.9, 0.7, 0.5]);
    expect(strict).toMatchObject({ precision: 1, recall: 0 });
    expect(middle).toMatchObject({ precision: 1, recall: 0.5 });
    expect(loose).toMatchObject({ precision: 0.5, recall: 0.5 });
    expect(bestThreshold(verifyPairs(faces, [0.9, 0.7, 0.5])).threshold).toBe(0.7);
  });

  it("separates all people of the set when the embedding is the person", async () => {
    const persons = peoplePictures.flatMap(({ files }, index) => files.map(() => index));
    const large = { x: 0.2, y: 0.2, w: 0.5, h: 0.5 };
    const faces = await identifyFaces(async () => {
      const embedding = new Float32Array(peoplePictures.length);
      embedding[persons.shift() ?? 0] = 1;
      const small = { box: { ...large, w: 0.1, h: 0.1 }, embedding: null };
      return await Promise.resolve([small, { box: large, embedding }]);
    });
    expect(evaluateIdentities(faces).best).toMatchObject({ precision: 1, recall: 1, f1: 1 });
    expect(faces.length).toBe(121);
  });
});
