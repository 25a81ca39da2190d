import { describe, expect, it } from "vitest";
import { z } from "zod";
import { runPendingTasks } from "../../../src/operations/tasks/taskRunner.ts";
import { assetSchema } from "../../../src/routes/assets/schemas.ts";
import { sqlAll } from "../../support/clients/account.ts";
import { call } from "../../support/clients/api.ts";
import type { AssetResponse } from "../../support/clients/responses.ts";
import {
  appendVersion,
  deleteVersion,
  editedJpeg,
  expectVersion,
  fetchBytes,
  readAsset,
  replaceVersion,
  revertToVersion,
  solidPng,
  uploadPhoto,
  variantUrl,
} from "../../support/clients/versions.ts";
import { testContext } from "../../support/context.ts";

const page = z.object({ data: z.array(assetSchema) });
/** The list of an album's assets is an array without a page. */
const assetList = z.union([z.array(assetSchema), page.transform(({ data }) => data)]);

/** The asset in every answer that has one: with all groups, lean, in lists with and without groups, and in an album. */
async function answersOf(id: string, albumId: string): Promise<AssetResponse[]> {
  const paths = [`/api/assets?ids=${id}`, `/api/assets?ids=${id}&include=`, `/api/albums/${albumId}/assets`];
  const pages = await Promise.all(paths.map(async (path) => assetList.parse(await (await call("GET", path)).json())));
  const lean = assetSchema.parse(await (await call("GET", `/api/assets/${id}`)).json());
  return [await readAsset(id), lean, ...pages.flat().filter((asset) => asset.id === id)];
}

async function expectSize(id: string, albumId: string, uploadBytes: number): Promise<number> {
  const asset = await readAsset(id);
  const served = (await fetchBytes(variantUrl(asset.asset_urls, "original"))).byteLength;
  const answers = await answersOf(id, albumId);
  expect(answers).toHaveLength(5);
  for (const answer of answers) expect(answer.file_size_bytes).toBe(served);
  expect(asset.file_data?.file_size_bytes).toBe(uploadBytes);
  return served;
}

describe("the size of an asset's file", () => {
  it("is that of the current version in every answer", async () => {
    const { id, file_size_bytes: uploadBytes, current_version_id: upload } = await uploadPhoto();
    const { id: albumId } = z
      .object({ id: z.string() })
      .parse(
        await (await call("POST", "/api/albums", { json: { name: crypto.randomUUID(), asset_ids: [id] } })).json(),
      );
    await call("POST", `/api/albums/${albumId}/assets`, { json: { asset_ids: [id] } });
    expect(await expectSize(id, albumId, uploadBytes)).toBe(uploadBytes);

    const first = await expectVersion(await appendVersion(id, await editedJpeg()), 201);
    const firstBytes = await expectSize(id, albumId, uploadBytes);
    expect(firstBytes).toBe(first.file_size_bytes);
    expect(firstBytes).not.toBe(uploadBytes);

    const replaced = await expectVersion(await replaceVersion(id, first.id, await solidPng(7)), 201);
    expect(await expectSize(id, albumId, uploadBytes)).toBe(replaced.file_size_bytes);
    expect((await deleteVersion(id, replaced.id)).status).toBeLessThan(300);
    expect(await expectSize(id, albumId, uploadBytes)).toBe(uploadBytes);

    await expectVersion(await appendVersion(id, await editedJpeg(160, 80)), 201);
    expect((await revertToVersion(id, upload)).status).toBe(200);
    expect(await expectSize(id, albumId, uploadBytes)).toBe(uploadBytes);
    expect(await sqlAll("SELECT current_size_bytes FROM assets WHERE id = ?", id)).toEqual([
      { current_size_bytes: null },
    ]);
  });
});

describe("the quality score of an asset", () => {
  it("is computed by its task, and again for each version", async () => {
    const { id, quality_score: initial, current_version_id: upload } = await uploadPhoto();
    expect(initial).toBeNull();
    await runPendingTasks(testContext(), id);
    const { quality_score: score } = await readAsset(id);
    expect(score).toBeGreaterThan(0.8);
    expect(score).toBeLessThanOrEqual(1);

    await expectVersion(await appendVersion(id, await solidPng(9)), 201);
    expect((await readAsset(id)).quality_score).toBeNull();
    await runPendingTasks(testContext(), id);
    expect((await readAsset(id)).quality_score).toBe(0);

    await revertToVersion(id, upload);
    expect((await readAsset(id)).quality_score).toBeNull();
    await runPendingTasks(testContext(), id);
    expect((await readAsset(id)).quality_score).toBe(score);
  });

  it("is in every answer", async () => {
    const { id } = await uploadPhoto();
    await sqlAll("UPDATE assets SET quality_score = 0.5 WHERE id = ?", id);
    const lean = assetSchema.parse(await (await call("GET", `/api/assets/${id}`)).json());
    const lists = await Promise.all(
      [`/api/assets?ids=${id}`, `/api/assets?ids=${id}&include=`].map(
        async (path) => page.parse(await (await call("GET", path)).json()).data,
      ),
    );
    for (const asset of [lean, ...lists.flat()]) expect(asset.quality_score).toBe(0.5);
  });
});
