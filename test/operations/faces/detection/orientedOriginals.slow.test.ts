/** Uploads of one photo, stored in each EXIF orientation, get the same faces from the default recognizer. */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { runPendingTasks } from "../../../../src/operations/tasks/taskRunner.ts";
import { createFaceRecognizer } from "../../../../src/providers/faces/faceRecognizerFactory.ts";
import { getRootOwner } from "../../../support/clients/account.ts";
import { call } from "../../../support/clients/api.ts";
import { expectAsset } from "../../../support/clients/responses.ts";
import { uploadWithoutConsumer } from "../../../support/clients/uploads.ts";
import { testContext } from "../../../support/context.ts";
import { decodePicture, orientedJpeg, pictureBytes } from "../../../support/faces/faceImages.ts";
import { overlap, type PixelBox } from "../../../support/faces/scoreDetections.ts";
import { setFaceDetection } from "../../../support/faces/seedFaces.ts";

/** JPEG compresses turned pixels differently, by 2 of 60 pixels of a box. */
const MIN_OVERLAP = 0.8;

const boxSchema = z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() });
const assetFacesSchema = z.object({
  width: z.number(),
  height: z.number(),
  faces: z.array(z.object({ bounding_box: boxSchema })),
});

async function facesOfUpload(bytes: Uint8Array<ArrayBuffer>): Promise<z.output<typeof assetFacesSchema>> {
  const asset = await expectAsset(await uploadWithoutConsumer(bytes, { name: "photo.jpg" }), 201);
  const faceRecognizer = createFaceRecognizer({ faceRecognizer: { kind: "worker" } }, env);
  await runPendingTasks(testContext({ faceRecognizer }), asset.id);
  const response = await call("GET", `/api/assets/${asset.id}?include=faces`);
  return assetFacesSchema.parse(await response.json());
}

describe("faces of rotated and mirrored originals", () => {
  it.each(["detection/couple-on-steps.jpg", "detection/woman-with-camera.jpg"])(
    "have the boxes of the upright photo — %s",
    async (file) => {
      const { userId } = await getRootOwner();
      await setFaceDetection(userId, true);
      const picture = await decodePicture(await pictureBytes(file));
      const upright = await facesOfUpload(orientedJpeg(picture, 1));
      expect(upright.faces.length).toBeGreaterThan(0);
      for (const orientation of [2, 3, 4, 5, 6, 7, 8]) {
        const { width, height, faces } = await facesOfUpload(orientedJpeg(picture, orientation));
        expect([orientation, width, height]).toEqual([orientation, upright.width, upright.height]);
        expect([orientation, faces.length]).toEqual([orientation, upright.faces.length]);
        const best = (box: PixelBox) => Math.max(...faces.map((face) => overlap(face.bounding_box, box)));
        const overlaps = upright.faces.map((face) => best(face.bounding_box));
        expect(Math.min(...overlaps), `orientation ${orientation}`).toBeGreaterThanOrEqual(MIN_OVERLAP);
      }
    },
  );
});
