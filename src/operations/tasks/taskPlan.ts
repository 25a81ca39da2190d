import { needsDisplayProxy, type StoredImage } from "../../media/transcode/preview/needsDisplayProxy.ts";
import type { TaskType } from "../../records/tasks/tasks.ts";

export interface TaskPlanInput extends StoredImage {
  mediaType: "image" | "video";
  /** The camera's burst identifier. */
  autoStackId: string | null;
  hasCoordinates: boolean;
}

function planProxyTask(file: StoredImage): TaskType[] {
  return needsDisplayProxy(file) ? ["display_proxy_generation"] : [];
}

/** Lists the tasks to repeat when a photo's version changes. The description and the faces stay those of the upload. */
export function planImageTasks(version: StoredImage): TaskType[] {
  return [...planProxyTask(version), "thumbhash", "quality_scoring", "embedding"];
}

/**
 * Lists the tasks of a new asset. Setting a video's poster later adds the image tasks (records/delivery/posters.ts).
 */
export function planTasks(file: TaskPlanInput): TaskType[] {
  const geocoding: TaskType[] = file.hasCoordinates ? ["reverse_geocoding"] : [];
  if (file.mediaType === "video") return ["video_thumbnail_extract", ...geocoding, "embedding"];
  const burst: TaskType[] = file.autoStackId === null ? [] : ["burst_detection"];
  const images: TaskType[] = ["thumbhash", "quality_scoring", "face_detection", "asset_description"];
  return [...planProxyTask(file), ...images, ...geocoding, ...burst, "embedding"];
}
