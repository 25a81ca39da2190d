/** Which deferred work a new asset gets. Does none of it, and asks no one. */
import { needsDisplayProxy } from "../../media/transcode/preview/needsDisplayProxy.ts";
import type { TaskType } from "../../records/tasks/tasks.ts";

export interface Planned {
  mediaType: "image" | "video";
  mimeType: string;
  sizeBytes: number;
  /** The camera's name for its burst. */
  autoStackId: string | null;
  hasCoordinates: boolean;
}

function proxyWork(file: Pick<Planned, "mimeType" | "sizeBytes">): TaskType[] {
  return needsDisplayProxy(file.mimeType, file.sizeBytes) ? ["display_proxy_generation"] : [];
}

/** A photo that shows another version: what was worked out from the picture is again. The caption speaks of the upload. */
export function pictureWork(version: Pick<Planned, "mimeType" | "sizeBytes">): TaskType[] {
  return [...proxyWork(version), "thumbhash", "image_quality"];
}

/** A video's still, once there is one, opens the work that looks at it: records/stills. */
export function plannedWork(file: Planned): TaskType[] {
  const place: TaskType[] = file.hasCoordinates ? ["reverse_geocoding"] : [];
  if (file.mediaType === "video") return ["video_thumbnail_extract", ...place];
  const burst: TaskType[] = file.autoStackId === null ? [] : ["burst_detection"];
  return [...proxyWork(file), "thumbhash", "image_quality", "asset_description", ...place, ...burst];
}
