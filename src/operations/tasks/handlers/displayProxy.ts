/**
 * The picture that all rungs of an asset come from where the renderer can't read the original: made once, in the
 * background. Decides which way to take, and says why where there is none; decoding is media's.
 */
import { AppError } from "../../../kernel/errors.ts";
import { CutShort } from "../../../media/transcode/jpeg/encodedJpeg.ts";
import { findHeifDamage, isAvifBrand } from "../../../media/transcode/heif/heifIntegrity.ts";
import { needsDisplayProxy } from "../../../media/transcode/preview/needsDisplayProxy.ts";
import type { MediaFamily } from "../../../media/inspect/formats.ts";
import { sniff, sniffBytes } from "../../../media/inspect/sniff.ts";
import { memorySource, type ByteSource } from "../../../media/inspect/bytes/byteSource.ts";
import { originalKey } from "../../../objects/keys.ts";
import { headOriginal, originalSource } from "../../../objects/uploads/originals.ts";
import { hasProxy, storeProxy } from "../../../objects/delivery/displayProxies.ts";
import type { Asset } from "../../../records/assets/assets.ts";
import type { Outcome, WorkDeps } from "../taskOutcome.ts";
import { waysFor, type Original, type Way } from "./proxyStrategies.ts";

/** Decoders of these want the file whole, and Images may be asked first: R2 is read once for both. */
const readWhole: MediaFamily[] = ["heif", "jxl", "jpeg", "png", "gif", "webp"];
const MAX_HELD_BYTES = 24 * 1024 * 1024;

async function held(source: ByteSource, family: MediaFamily): Promise<ByteSource> {
  if (!readWhole.includes(family) || source.sizeBytes > MAX_HELD_BYTES) return source;
  return memorySource(await source.read(0, source.sizeBytes));
}

/** The row's metadata speaks of the upload. An edited version lies upright. */
function turnOf(asset: Asset): Pick<Original, "orientation" | "raw"> {
  if (asset.originalVersionId !== null) return { orientation: null, raw: null };
  const { orientation, rawWidth, rawHeight } = asset.metadata;
  return { orientation, raw: rawWidth === null || rawHeight === null ? null : { width: rawWidth, height: rawHeight } };
}

async function findOriginal(stored: ByteSource, asset: Asset): Promise<Original | { reason: string }> {
  const head = await stored.read(0, sniffBytes);
  const family = sniff(head);
  if (family === null) return { reason: "the file is no picture of a kind that is known here" };
  const source = await held(stored, family);
  // Images calls a file that is cut short a failure of its own, which would be worth another try.
  const damage = family === "heif" ? await findHeifDamage(source) : null;
  if (damage !== null) return { reason: damage };
  const { orientation, raw } = turnOf(asset);
  const isAvif = family === "heif" && isAvifBrand(head);
  return { source, family, isAvif, mimeType: asset.mimeType, orientation, raw };
}

function reasonOf(error: unknown): string {
  // Numbers asked for behind the end of the bytes that should have held them.
  if (error instanceof RangeError) return "the file is broken or cut short";
  return error instanceof Error ? error.message : String(error);
}

/** The first way that leads to a picture. A failure that may pass is only then worth another try when all others fail. */
async function takeWay(deps: WorkDeps, asset: Asset, original: Original, ways: Way[]): Promise<Outcome> {
  const reasons: string[] = [];
  let mayPass = false;
  for (const way of ways) {
    try {
      const made = await way(deps, original);
      if (made.kind === "made") {
        await storeProxy(deps.bucket, asset.id, asset.currentVersionId, made);
        return { kind: "done", result: made.description };
      }
      reasons.push(made.reason);
      mayPass ||= made.mayPass;
    } catch (error) {
      // R2's failures say nothing of the file; all else a decoder throws is about its bytes.
      if (error instanceof AppError) throw error;
      if (error instanceof CutShort) return { kind: "impossible", reason: error.message };
      reasons.push(reasonOf(error));
    }
  }
  const reason = [...new Set(reasons)].join("; ").slice(0, 500);
  return mayPass ? { kind: "again", reason } : { kind: "impossible", reason };
}

/** Done twice, the second time asks R2 what there is and does nothing. How long it is, its object says: it may be an edit. */
export async function runDisplayProxy(deps: WorkDeps, asset: Asset): Promise<Outcome> {
  if (asset.mediaType === "video") return { kind: "skipped", reason: "a video is shown by its still" };
  const { bucket } = deps;
  const key = originalKey(asset.id, asset.currentVersionId);
  const object = await headOriginal(bucket, key);
  if (object === null) return { kind: "impossible", reason: "the original is missing from the bucket" };
  if (!needsDisplayProxy(asset.mimeType, object.size)) {
    return { kind: "skipped", reason: "the original can be rendered as it is" };
  }
  if (await hasProxy(bucket, asset.id, asset.currentVersionId)) return { kind: "done", result: "made before" };
  const original = await findOriginal(originalSource(bucket, key, object.size), asset);
  if ("reason" in original) return { kind: "impossible", reason: original.reason };
  return await takeWay(deps, asset, original, waysFor(original));
}
