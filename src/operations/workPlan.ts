/** Which deferred work a new asset gets. Does none of it, and asks no one. */
import { needsDisplayProxy } from "../media/preview/needsDisplayProxy.ts";
import type { TaskType } from "../records/tasks.ts";

export interface Planned {
  mediaType: "image" | "video";
  mimeType: string;
  sizeBytes: number;
}

/** A video's still, once there is one, opens the work that looks at it: records/stills. */
export function plannedWork(file: Planned): TaskType[] {
  if (file.mediaType === "video") return ["video_thumbnail_extract"];
  const proxy: TaskType[] = needsDisplayProxy(file.mimeType, file.sizeBytes) ? ["display_proxy_generation"] : [];
  return [...proxy, "thumbhash", "image_quality", "asset_description"];
}
