/** Files that would cost much work are stored all the same, and edited versions of them too. */
import { describe, expect, it } from "vitest";
import type { AssetResponse } from "../../support/clients/responses.ts";
import { uploadWithoutConsumer } from "../../support/clients/uploads.ts";
import { appendVersion, editedJpeg } from "../../support/clients/versions.ts";
import { costlyFiles } from "../../support/media/costlyFiles.ts";

/** Far more than reading the metadata takes; before it had a budget, a HEIC took 13 seconds. */
const MAX_MS = 3000;

async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const started = Date.now();
  return [await work(), Date.now() - started];
}

describe("an upload that would cost much work", () => {
  it.each(costlyFiles())("is stored soon, as is an edited version: $name", async ({ name, bytes }) => {
    const [uploaded, uploadMs] = await timed(() => uploadWithoutConsumer(bytes, { name }));
    expect(uploaded.status).toBe(201);
    const asset = await uploaded.json<AssetResponse>();
    expect(uploadMs).toBeLessThan(MAX_MS);
    if (!asset.mime_type.startsWith("image/")) return;
    const edited = await editedJpeg();
    const [version, versionMs] = await timed(() => appendVersion(asset.id, edited));
    expect(version.status).toBe(201);
    expect(versionMs).toBeLessThan(MAX_MS);
  });
});
