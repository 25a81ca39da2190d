/** Upload sources and fields for calling upload operations without HTTP. */
import type { UploadFields } from "../../src/operations/uploads/uploadAsset.ts";
import type { UploadSource } from "../../src/operations/uploads/uploadSource.ts";

async function* singleChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** A file followed by its fields; `finish` runs after the file has been stored. */
export function uploadSource<Fields>(
  name: string,
  bytes: Uint8Array,
  finish: () => Fields | Promise<Fields>,
): UploadSource<Fields> {
  const file = { name, contentType: null, declaredSha256: null, body: singleChunk(bytes), sizeHint: bytes.byteLength };
  return {
    open: () => Promise.resolve({ file, earlyFields: {} }),
    finish: async () => await finish(),
  };
}

export function uploadFields(libraryId: string | null): UploadFields {
  const time = { wallUs: Date.UTC(2024, 4, 6, 7, 8, 9) * 1000, offsetMinutes: 0 };
  return {
    deviceAssetId: "a",
    deviceId: "b",
    fileCreatedAt: time,
    fileModifiedAt: time,
    libraryId,
    declared: [],
  };
}
