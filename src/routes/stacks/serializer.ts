/** The serializer of stacks. */
import { formatInstant } from "../../kernel/time.ts";
import type { Stack } from "../../operations/stacks/stacks.ts";
import type { StackBody } from "./schemas.ts";

export function stackShape(stack: Stack): StackBody {
  return {
    id: stack.id,
    asset_count: stack.assetCount,
    origin: stack.origin,
    primary_asset_id: stack.primaryAssetId,
    created_at: formatInstant(stack.createdAt),
    updated_at: formatInstant(stack.updatedAt),
  };
}
