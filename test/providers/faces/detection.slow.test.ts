/** Detection by the default recognizer on the labelled pictures of test/fixtures/faces. */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { FaceRecognizer } from "../../../src/providers/faces/faceRecognizer.ts";
import { createFaceRecognizer } from "../../../src/providers/faces/faceRecognizerFactory.ts";
import { labelledPictures } from "../../fixtures/faces/labels.ts";
import { decodePicture, faceImage, orientedJpeg, pictureBytes, pixelBox } from "../../support/faces/faceImages.ts";
import { overlap, scorePicture, sumScores, type PictureScores } from "../../support/faces/scoreDetections.ts";

const MIN_RECALL = 0.9;
const MIN_PRECISION = 0.95;
/** Of the boxes of one face in the upright and a turned original. JPEG compresses them differently, by 2 of 60 pixels. */
const MIN_TURNED_OVERLAP = 0.8;

function defaultRecognizer(): FaceRecognizer {
  const recognizer = createFaceRecognizer({ faceRecognizer: { kind: "worker" } }, env);
  if (recognizer === null) throw new Error("no default recognizer");
  return recognizer;
}

const recognizer = defaultRecognizer();

describe("the default recognizer", () => {
  it("finds at least 90 % of the faces, and at least 95 % of what it finds are faces", async () => {
    const scores: (PictureScores & { file: string })[] = [];
    for (const picture of labelledPictures) {
      const faces = await recognizer.recognize(await faceImage(await pictureBytes(picture.file)));
      const boxes = faces.map(({ box }) => pixelBox(box, picture));
      scores.push({ file: picture.file, ...scorePicture(picture, boxes) });
    }
    const total = sumScores(scores);
    const errors = scores.filter(({ missed, falsePositives }) => missed.length + falsePositives.length > 0);
    const summary = errors.map(
      ({ file, missed, falsePositives }) => `${file}: ${missed.length} missed, ${falsePositives.length} wrong`,
    );
    expect(total.labelled).toBeGreaterThanOrEqual(150);
    expect(total.recall, summary.join("\n")).toBeGreaterThanOrEqual(MIN_RECALL);
    expect(total.precision, summary.join("\n")).toBeGreaterThanOrEqual(MIN_PRECISION);
  });

  it.each([
    "detection/woman-with-camera.jpg",
    "detection/solvay-1927-left.jpg",
    "detection/openpeople-09-outdoors.jpg",
  ])("finds the same boxes in rotated and mirrored originals — %s", async (file) => {
    const upright = await decodePicture(await pictureBytes(file));
    const boxesOf = async (orientation: number) => {
      const faces = await recognizer.recognize(await faceImage(orientedJpeg(upright, orientation)));
      return faces.map(({ box }) => pixelBox(box, upright));
    };
    const expected = await boxesOf(1);
    expect(expected.length).toBeGreaterThan(0);
    for (const orientation of [2, 3, 4, 5, 6, 7, 8]) {
      const boxes = await boxesOf(orientation);
      const overlaps = expected.map((box) => Math.max(...boxes.map((other) => overlap(box, other))));
      expect([orientation, boxes.length]).toEqual([orientation, expected.length]);
      expect(Math.min(...overlaps), `orientation ${orientation}`).toBeGreaterThanOrEqual(MIN_TURNED_OVERLAP);
    }
  });
});
