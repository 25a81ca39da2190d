/** Limits of the face recognizer in the Worker, as part of table.ts. */
import * as faceDetector from "../../src/providers/faces/worker/faceDetector.ts";
import * as faceKernel from "../../src/providers/faces/worker/faceKernel.ts";
import * as loadFaceKernel from "../../src/providers/faces/worker/loadFaceKernel.ts";
import * as workerRecognizer from "../../src/providers/faces/worker/workerRecognizer.ts";
import { limit, type Section } from "./entry.ts";

export const faceSection: Section = {
  title: "Face recognition in the Worker",
  limits: [
    limit(faceKernel, "MAX_FACE_IMAGE_EDGE_PX", "px", "longest side of the preview in which faces are found", "fails"),
    limit(faceDetector, "MAX_DETECTOR_PIXELS", "pixels", "largest input of the detector", "the preview is scaled down"),
    limit(workerRecognizer, "MAX_FACES_PER_PICTURE", "items", "faces of a picture", "the smaller ones are ignored"),
    limit(
      workerRecognizer,
      "MIN_EMBEDDED_EYE_DISTANCE_PX",
      "px",
      "distance of the eyes in the preview, for comparing a face",
      "the face is found, and joins no person by itself",
    ),
    limit(faceKernel, "MAX_FACE_MEMORY_BYTES", "bytes", "memory of networks, pixels and values", "fails"),
    limit(
      workerRecognizer,
      "RECOGNIZER_MEMORY_BYTES",
      "bytes",
      "all memory of the recognizer, with the decoded preview",
      "uploads get less",
    ),
    limit(loadFaceKernel, "MAX_FACE_RUN_MS", "ms", "turn of a picture", "the next one starts with a new memory"),
  ],
};
