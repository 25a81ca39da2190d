/** One small rendering of an asset's picture, decoded: what the thumbhash and the quality figures both look at. */
import { decodePng, type Picture } from "../../../media/transcode/png/decodePng.ts";
import { shrinkToPng } from "../../../providers/renderers/renderPng.ts";
import type { Asset } from "../../../records/assets/assets.ts";
import { openDisplaySource } from "../../delivery/displaySource.ts";
import type { WorkDeps } from "../taskOutcome.ts";

export type SmallPicture = { kind: "picture"; picture: Picture } | { kind: "none"; reason: string };

/** Large enough for blur to show, small enough to be decoded here. */
const EDGE_PX = 512;

/** By what it was rendered from: one message does all of an asset's work, and the original is read once for it. */
const rendered = new WeakMap<WorkDeps, Map<string, Promise<SmallPicture>>>();

async function render(deps: WorkDeps, asset: Asset): Promise<SmallPicture> {
  const source = await openDisplaySource(deps, asset);
  if (source.kind === "none") return source;
  const png = await shrinkToPng(deps.images, source.body, EDGE_PX);
  if (png.kind === "unreadable") return { kind: "none", reason: png.reason };
  try {
    return { kind: "picture", picture: await decodePng(png.bytes) };
  } catch {
    // A PNG we asked for and can't decode won't be another one the next time.
    return { kind: "none", reason: "the rendered picture is no PNG of 8 bits a channel" };
  }
}

/** Longest edge at most 512, upright. Throws on what may pass; a failure is not remembered. */
export async function smallPicture(deps: WorkDeps, asset: Asset): Promise<SmallPicture> {
  const known = rendered.get(deps) ?? new Map<string, Promise<SmallPicture>>();
  rendered.set(deps, known);
  const key = `${asset.id} ${asset.currentVersionId} ${asset.stillVersionId ?? ""}`;
  const picture = known.get(key) ?? render(deps, asset);
  known.set(key, picture);
  try {
    return await picture;
  } catch (error) {
    known.delete(key);
    throw error;
  }
}
