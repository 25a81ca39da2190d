/** A recognizer that returns faces as the test says, whatever the picture shows. */
import type { FaceImage, FaceRecognizer, RecognizedFace } from "../../../src/providers/faces/faceRecognizer.ts";
import { TEST_MODEL, testVector } from "./seedFaces.ts";

export interface ScriptedFace {
  /** Fractions of the picture. */
  box: [x: number, y: number, w: number, h: number];
  identity?: number;
  variation?: number;
  confidence?: number;
  embedding?: Float32Array | null;
}

export interface ScriptedRecognizer extends FaceRecognizer {
  /** What the next pictures show; an error is thrown. */
  faces: ScriptedFace[] | Error;
  /** The pictures that it was given. */
  images: FaceImage[];
}

function toRecognized({ box: [x, y, w, h], identity = 0, variation = 0, ...face }: ScriptedFace): RecognizedFace {
  const { confidence = 0.9, embedding = Float32Array.from(testVector(identity, variation)) } = face;
  return { box: { x, y, w, h }, landmarks: null, confidence, embedding };
}

export function scriptedRecognizer(
  faces: ScriptedFace[] | Error,
  { model = TEST_MODEL.model, memoryBytes = 0 } = {},
): ScriptedRecognizer {
  const recognizer: ScriptedRecognizer = {
    model,
    dimensions: TEST_MODEL.dimensions,
    memoryBytes,
    faces,
    images: [],
    recognize: (image) => {
      recognizer.images.push(image);
      if (recognizer.faces instanceof Error) return Promise.reject(recognizer.faces);
      return Promise.resolve(recognizer.faces.map(toRecognized));
    },
  };
  return recognizer;
}
