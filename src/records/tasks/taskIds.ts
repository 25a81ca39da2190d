/**
 * Ids of tasks follow from the id of the asset and the task's type, so that no index has to find them. The UUID of a
 * task is that of its asset with version 8 (RFC 9562 §5.8) and the position of the type in the last four bits.
 */
import { idOfUuid, isId, uuidOfId } from "../../kernel/ids.ts";
import { taskTypes } from "../schema/schema.ts";

export type TaskType = (typeof taskTypes)[number];

export interface TaskIds {
  id: string;
  /** The same UUID in hexadecimal. */
  celeryTaskId: string;
}

/** Turns version 7 into 8, and back. */
const VERSION_BITS = 0xfn << 76n;

const HEX_UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function toHexUuid(uuid: bigint): string {
  const hex = uuid.toString(16).padStart(32, "0");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

export function taskIds(assetId: string, type: TaskType): TaskIds {
  const uuid = uuidOfId("asset", assetId) ^ VERSION_BITS ^ BigInt(taskTypes.indexOf(type));
  return { id: idOfUuid("task", uuid), celeryTaskId: toHexUuid(uuid) };
}

function parseUuid(taskOrCeleryId: string): bigint | null {
  if (isId("task", taskOrCeleryId)) return uuidOfId("task", taskOrCeleryId);
  return HEX_UUID.test(taskOrCeleryId) ? BigInt(`0x${taskOrCeleryId.replaceAll("-", "")}`) : null;
}

/** Lists the tasks that may have an id or a `celery_task_id`, one for each type. Other texts are no task's. */
export function tasksOfId(taskOrCeleryId: string): { assetId: string; type: TaskType }[] {
  const uuid = parseUuid(taskOrCeleryId);
  if (uuid === null) return [];
  return taskTypes.map((type, i) => ({ assetId: idOfUuid("asset", uuid ^ VERSION_BITS ^ BigInt(i)), type }));
}
