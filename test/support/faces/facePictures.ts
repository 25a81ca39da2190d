/** Pictures of test/fixtures/faces as pixels, for tests in workerd. */
import { memorySource } from "../../../src/media/inspect/bytes/byteSource.ts";
import type { RgbaImage } from "../../../src/media/transcode/rgbaImage.ts";
import { decodeScaled } from "../../../src/media/transcode/scaled/decodeScaled.ts";

const files = import.meta.glob<string>("../../fixtures/faces/identities/*-{portrait,selfie}.jpg", {
  query: "?url&inline",
  import: "default",
});

/** Decodes a file of test/fixtures/faces, with at most `edgePx` pixels a side. */
export async function readFacePicture(name: string, edgePx = 1440): Promise<RgbaImage> {
  const load = files[`../../fixtures/faces/${name}`];
  if (load === undefined) throw new Error(`no fixture ${name}`);
  const response = await fetch(await load());
  const source = memorySource(new Uint8Array(await response.arrayBuffer()));
  const result = await decodeScaled(source, "jpeg", edgePx);
  if (result.kind === "unsupported") throw new Error(result.reason);
  return result.image;
}

/** Whether an embedding has unit length. */
export function isEmbeddingOf(embedding: Float32Array | null, dimensions: number): boolean {
  if (embedding?.length !== dimensions) return false;
  return Math.abs(embedding.reduce((sum, value) => sum + value * value, 0) - 1) < 1e-5;
}
