/** Names of task types for older official clients, whose models reject names that they don't know. */
import type { TaskType } from "../../operations/tasks/taskQueries.ts";

/** The first 0.x version of the Python SDK whose models have `quality_scoring`. */
const FIRST_MINOR_VERSION = 178;

/** Whether the request comes from a Python SDK that knows only the former names. */
export function needsFormerTypes(request: { header(name: string): string | undefined }): boolean {
  const version = /^0\.(\d{1,4})\./.exec(request.header("x-stainless-package-version") ?? "")?.[1];
  return (
    request.header("x-stainless-lang") === "python" && version !== undefined && Number(version) < FIRST_MINOR_VERSION
  );
}

export function formerType(type: TaskType): TaskType | "image_quality" {
  return type === "quality_scoring" ? "image_quality" : type;
}
