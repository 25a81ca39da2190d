/**
 * Remembers failed renderings, because requests, which may be anonymous, would otherwise read and render the image each
 * time. Records are R2 objects, which keeps media requests free of database writes.
 */
import { AppError } from "../../kernel/errors.ts";
import {
  deleteRenderFailures,
  findRenderFailure,
  renderGroups,
  storeRenderFailure,
  type RenderFailure,
  type RenderGroup,
} from "../../objects/delivery/renderFailures.ts";
import type { Context } from "../context.ts";

export interface FailureAddress {
  assetId: string;
  versionId: string;
  group: RenderGroup;
}

/** A refused image is tried again after this time, because renderers gain formats. */
export const REFUSAL_EXPIRES_MS = 24 * 3600_000;
/** Storing the display proxy deletes the record; the expiry covers a proxy that is stored concurrently. */
export const MISSING_PROXY_EXPIRES_MS = 5 * 60_000;
/** Pause after the first transient failure; each further one is four times as long. */
export const FIRST_RENDER_PAUSE_MS = 5000;
export const MAX_RENDER_PAUSE_MS = 3600_000;

/** The error of a rendering that may succeed later. */
export function renderingUnavailable(retryAfterMs: number, cause?: unknown): AppError {
  const retryAfterSeconds = Math.max(1, Math.ceil(retryAfterMs / 1000));
  const message = "image rendering failed temporarily; retry the request";
  return new AppError("rendering_unavailable", message, { retryAfterSeconds, cause });
}

/**
 * Finds the record of an earlier failure. `blocks` is true while the record rules out another attempt.
 *
 * @throws {AppError} `rendering_unavailable` during the pause after a transient failure.
 */
export async function recallFailure(
  { bucket, nowMs }: Context,
  address: FailureAddress,
): Promise<{ failure: RenderFailure | null; blocks: boolean }> {
  const failure = await findRenderFailure(bucket, address);
  if (failure === null) return { failure, blocks: false };
  const remainingMs = failure.expiresAtMs === null ? null : failure.expiresAtMs - nowMs;
  if (remainingMs !== null && remainingMs <= 0) return { failure, blocks: false };
  if (failure.kind === "transient") throw renderingUnavailable(remainingMs ?? MAX_RENDER_PAUSE_MS);
  return { failure, blocks: true };
}

/** Records that the image is unrenderable; null for `expiresInMs` means until another source is stored. */
export async function recordRefusal(
  { bucket, nowMs }: Context,
  address: FailureAddress,
  reason: string,
  expiresInMs: number | null = REFUSAL_EXPIRES_MS,
): Promise<void> {
  const expiresAtMs = expiresInMs === null ? null : nowMs + expiresInMs;
  await storeRenderFailure(bucket, address, { kind: "refused", reason, attempts: 1, expiresAtMs });
}

/** Records a transient failure and returns the error for the client, with the length of the pause. */
export async function recordTransientFailure(
  { bucket, nowMs }: Context,
  address: FailureAddress,
  previous: RenderFailure | null,
  error: unknown,
): Promise<AppError> {
  const attempts = previous?.kind === "transient" ? previous.attempts + 1 : 1;
  const requestedMs = error instanceof AppError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
  const pauseMs = Math.min(MAX_RENDER_PAUSE_MS, Math.max(requestedMs, FIRST_RENDER_PAUSE_MS * 4 ** (attempts - 1)));
  const reason = error instanceof Error ? error.message : String(error);
  await storeRenderFailure(bucket, address, { kind: "transient", reason, attempts, expiresAtMs: nowMs + pauseMs });
  return renderingUnavailable(pauseMs, error);
}

/** Records that creating a version's display proxy failed permanently. */
export async function recordProxyFailure(
  context: Context,
  assetId: string,
  versionId: string,
  reason: string,
): Promise<void> {
  for (const group of renderGroups) await recordRefusal(context, { assetId, versionId, group }, reason, null);
}

/** Forgets the failures of a version after its source was stored or rendered. */
export async function forgetFailures({ bucket }: Context, assetId: string, versionId: string): Promise<void> {
  await deleteRenderFailures(bucket, assetId, versionId);
}
