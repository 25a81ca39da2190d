/** Uploads every sample, compares its bytes, and compares its metadata with exiftool's. */
import { describe, expect, it } from "vitest";
import { sampleBytes, sampleNames, expectedMetadata, type Expected } from "../../fixtures/media/samples.ts";
import { call, upload } from "../../support/clients/api.ts";

interface Asset {
  id: string;
  mime_type: string;
  local_datetime: string;
  width: number;
  height: number;
  duration: number | null;
  metadata: Record<string, string | number | null>;
  exif: Record<string, string | number | null>;
  file_data: Record<string, string | number | null>;
  asset_urls: Record<string, { url: string }>;
}

const UPLOADED_AS = "2001-02-03T04:05:06Z";
const FALLBACK = "2001-02-03T04:05:06";

type Answer = string | number | null;

/** Compares dates to the second and offsets separately. */
function comparable(name: string, answer: Answer): Answer {
  return name.endsWith("datetime") && typeof answer === "string" ? answer.slice(0, 19) : answer;
}

function agrees(answer: Answer, expected: Expected): boolean {
  if (expected.any || expected.hard || (expected.empty && answer === null)) return true;
  return [expected.v, ...(expected.a ?? [])].some((other) =>
    typeof answer === "number" && typeof other === "number"
      ? Math.abs(answer - other) <= Math.max(1e-4 * Math.abs(other), 1e-6)
      : answer === other,
  );
}

function answerOf(asset: Asset, name: string): Answer {
  if (name === "local_datetime" && asset.local_datetime === FALLBACK) return null;
  const top: Record<string, Answer> = {
    mime_type: asset.mime_type,
    local_datetime: asset.local_datetime,
    width: asset.width,
    height: asset.height,
    duration: asset.duration,
  };
  for (const group of [top, asset.file_data, asset.metadata, asset.exif]) if (name in group) return group[name] ?? null;
  return null;
}

describe("every sample", { timeout: 30_000 }, () => {
  it.each(sampleNames)("is stored byte for byte with exiftool's metadata: %s", async (name) => {
    const bytes = await sampleBytes(name);
    const uploaded = await upload(bytes, { name, fileCreatedAt: UPLOADED_AS });
    expect(uploaded.status).toBe(201);
    const { id } = await uploaded.json<Asset>();
    const include = "metadata,file_data,variants,legacy";
    const asset = await (await call("GET", `/api/assets/${id}?include=${include}`)).json<Asset>();
    const fields = expectedMetadata.get(name)?.fields ?? {};
    const wrong = Object.entries(fields)
      .map(([field, expected]) => ({ field, answer: comparable(field, answerOf(asset, field)), expected }))
      .filter(({ answer, expected }) => !agrees(answer, expected));
    expect(wrong).toEqual([]);
    const original = await call("GET", asset.asset_urls["original"]?.url ?? "", { token: null });
    expect(new Uint8Array(await original.arrayBuffer())).toEqual(bytes);
  });
});
