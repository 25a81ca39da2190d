/** Renders a rung when it is first asked for, and keeps it. A rung that is there is never rendered again. */
import { AppError } from "../../kernel/errors.ts";
import { storeRendition } from "../../objects/delivery/renditions.ts";
import { rendererOf, type Renderer } from "../../providers/renderers/renderer.ts";
import { openDisplaySource } from "./displaySource.ts";
import type { MediaAddress, MediaSigner } from "./urlSigner.ts";
import { rungEdges, rungOf, type Rung, type RungFormat } from "./variants.ts";

export { rendererOf };

export interface RenditionDeps {
  bucket: R2Bucket;
  render: Renderer;
  signer: MediaSigner;
  /** Of the deployment: where the edge would fetch a source from. */
  origin: string;
}

interface RungAddress {
  assetId: string;
  versionId: string;
  rung: Rung;
  format: RungFormat;
}

/** One rendering at a time for each rung in this isolate; who comes meanwhile waits for the same one. */
const underway = new Map<string, Promise<boolean>>();

async function renderOnce(deps: RenditionDeps, address: RungAddress, mediaType: "image" | "video"): Promise<boolean> {
  const { assetId, versionId } = address;
  const source = await openDisplaySource(deps, {
    id: assetId,
    currentVersionId: versionId,
    stillVersionId: versionId,
    mediaType,
  });
  if (source.kind === "none") return false;
  const url = async (): Promise<string> =>
    deps.origin + (await deps.signer.sign({ assetId, versionId, variant: source.variant }));
  const rendered = await deps.render(
    { body: source.body, url },
    { edgePx: rungEdges[address.rung], format: address.format },
  );
  if (rendered.kind === "unreadable") return false;
  await storeRendition(deps.bucket, address, rendered.bytes, rendered.contentType);
  return true;
}

/** The rendering that is underway, or a new one; whoever waits, it is forgotten once, when it ends. */
function shared(deps: RenditionDeps, target: RungAddress, mediaType: "image" | "video"): Promise<boolean> {
  const key = JSON.stringify(target);
  const running = underway.get(key) ?? renderOnce(deps, target, mediaType).finally(() => underway.delete(key));
  underway.set(key, running);
  return running;
}

/** Renders and stores the rung; false where there is nothing to render it from. */
export async function makeRendition(deps: RenditionDeps, address: MediaAddress, format: RungFormat): Promise<boolean> {
  const found = rungOf(address.variant);
  if (found === null) return false;
  const target = { assetId: address.assetId, versionId: address.versionId, rung: found.rung, format };
  try {
    return await shared(deps, target, found.mediaType);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError("rendering_unavailable", "the picture could not be rendered just now; try again", {
      retryAfterSeconds: 5,
      cause: error,
    });
  }
}
