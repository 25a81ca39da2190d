import type { Asset } from "../../records/assets/assets.ts";
import type { TaskType } from "../../records/tasks/tasks.ts";
import type { Context } from "../context.ts";
import { runBurstDetection } from "./handlers/burst.ts";
import { runDescription } from "./handlers/description.ts";
import { runDisplayProxy } from "./handlers/pictures/displayProxy.ts";
import { runFaceClustering } from "./handlers/faceClustering.ts";
import { runFaceDetection } from "./handlers/faceDetection.ts";
import { runPersonMetrics } from "./handlers/personMetrics.ts";
import { runEmbedding } from "./handlers/embedding.ts";
import { runQualityScoring } from "./handlers/quality.ts";
import { runReverseGeocoding } from "./handlers/reverseGeocoding.ts";
import { runThumbhash } from "./handlers/thumbhash.ts";
import { runVideoPoster } from "./handlers/pictures/videoPoster.ts";
import type { TaskOutcome } from "./taskOutcome.ts";

export interface TaskDefinition {
  type: TaskType;
  run: (context: Context, asset: Asset) => Promise<TaskOutcome>;
  /** `source` tasks produce the image that the `image` tasks read; those wait until it is settled. */
  role: "source" | "image" | "other";
  /** The task writes the asset's row itself, so that the next task reads it again. */
  changesAsset?: boolean;
}

/** All task types in their order of execution. */
export const taskDefinitions: TaskDefinition[] = [
  { type: "burst_detection", run: runBurstDetection, role: "other" },
  { type: "reverse_geocoding", run: runReverseGeocoding, role: "other" },
  { type: "display_proxy_generation", run: runDisplayProxy, role: "source" },
  { type: "video_thumbnail_extract", run: runVideoPoster, role: "source", changesAsset: true },
  { type: "thumbhash", run: runThumbhash, role: "image" },
  { type: "quality_scoring", run: runQualityScoring, role: "image" },
  { type: "face_detection", run: runFaceDetection, role: "image" },
  { type: "face_clustering", run: runFaceClustering, role: "other" },
  { type: "person_metrics_refresh", run: runPersonMetrics, role: "other" },
  { type: "asset_description", run: runDescription, role: "image" },
  // After the tasks whose caption and place it embeds.
  { type: "embedding", run: runEmbedding, role: "image" },
];

export function definitionOf(type: TaskType): TaskDefinition | undefined {
  return taskDefinitions.find((definition) => definition.type === type);
}

export function roleOf(type: TaskType): TaskDefinition["role"] {
  return definitionOf(type)?.role ?? "other";
}

/** Unknown types sort first (-1); they fail without running. */
export function runOrder(type: TaskType): number {
  return taskDefinitions.findIndex((definition) => definition.type === type);
}
