/** When the embedding of an asset runs again, and what it gets of tasks that ran before it. */
import { effectiveMetadata } from "../../records/assets/metadata/metadata.ts";
import type { Asset } from "../../records/assets/assets.ts";
import type { DerivedChange } from "../../records/assets/metadata/derivedChanges.ts";
import type { StoredTasks } from "../../records/tasks/assetTasks.ts";
import type { Context } from "../context.ts";
import type { FinishedTask } from "./taskCompletion.ts";

/** Whether captions and places are embedded, so that their change makes the embedding pending. */
export function embedsTexts({ embedder }: Pick<Context, "embedder">): boolean {
  return embedder !== null && !embedder.embedsImages;
}

/** The asset with the caption and the place that finished tasks of the same run derived, and that are stored after it. */
export function withDerivedText(asset: Asset, finished: readonly FinishedTask[]): Asset {
  const changes = finished.flatMap(({ outcome }) => (outcome.kind === "skipped" ? [] : (outcome.change ?? [])));
  const place = changes.find((change) => change.place !== undefined)?.place;
  const description = changes.find((change) => change.description !== undefined)?.description ?? asset.description;
  if (place === undefined) return { ...asset, description };
  const derived = { ...asset.sources.derived, ...place };
  return { ...asset, description, metadata: effectiveMetadata({ ...asset.sources, derived }) };
}

/** Makes the embedding pending if a caption or a place changes after it ran. */
export function reopenEmbedding(
  tasks: StoredTasks,
  change: DerivedChange | null,
  finished: readonly FinishedTask[],
  atMs: number,
): StoredTasks {
  const { embedding } = tasks;
  const isChanged = change !== null && (change.values.description !== undefined || change.metadata !== null);
  const isCurrent = finished.some(({ type, outcome }) => type === "embedding" && outcome.kind === "done");
  if (embedding === undefined || embedding.status === "pending" || !isChanged || isCurrent) return tasks;
  const { createdAt, error } = embedding;
  return {
    ...tasks,
    embedding: { status: "pending", dueAt: atMs, createdAt, ...(error === undefined ? {} : { error }) },
  };
}
