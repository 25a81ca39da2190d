/**
 * Runs the code of an upload while an isolate starts: 10 ms less CPU time for its first upload, 12 to 20 ms more for the
 * start (decision 0024). The free plan allows 10 ms per request; a start may take 1 s.
 */
import { readParts, readText, type MultipartPart } from "../../http/multipart.ts";
import { createUrlSigner } from "../../operations/delivery/urlSigner.ts";
import { warmUpUpload } from "../../operations/uploads/warmUp.ts";
import type { AssetBody } from "../assets/schemas.ts";
import { allGroups, serializeAsset } from "../assets/serializer.ts";
import { parse } from "../router.ts";
import { uploadFieldsSchema } from "./schemas.ts";
import { warmUpPhoto } from "./warmUpPhoto.ts";

const BOUNDARY = "warm-up";
/** Signs URLs that are discarded: no request is verified with it. */
const SIGNING_KEY = "only for the warm-up";
const FILE_NAME = "photo.jpg";
const FIELDS = {
  device_asset_id: "1",
  device_id: "1",
  file_created_at: "2024-05-06T07:08:09Z",
  file_modified_at: "2024-05-06T07:08:09.123Z",
};

/** A form in chunks, as a client sends it. */
async function* warmUpForm(): AsyncGenerator<Uint8Array> {
  const utf8 = new TextEncoder();
  const head = (parameters: string) => `--${BOUNDARY}\r\nContent-Disposition: form-data; ${parameters}\r\n\r\n`;
  for (const [name, value] of Object.entries(FIELDS)) yield utf8.encode(`${head(`name="${name}"`)}${value}\r\n`);
  yield utf8.encode(head(`name="asset_data"; filename="${FILE_NAME}"`));
  yield warmUpPhoto;
  yield utf8.encode(`\r\n--${BOUNDARY}--\r\n`);
}

async function warmUpFile(part: MultipartPart, texts: Record<string, string>): Promise<AssetBody | null> {
  const fields = parse(uploadFieldsSchema, texts, "form");
  const { filename: name, contentType, body } = part;
  const asset = await warmUpUpload(
    { name, contentType, declaredSha256: null, body, sizeHint: warmUpPhoto.byteLength },
    {
      deviceAssetId: fields.device_asset_id,
      deviceId: fields.device_id,
      fileCreatedAt: fields.file_created_at,
      fileModifiedAt: fields.file_modified_at,
    },
  );
  if (asset === null) return null;
  const signer = await createUrlSigner(SIGNING_KEY, 0);
  return await serializeAsset(asset, allGroups, { sign: (address) => signer.sign(address), resizedUrl: null });
}

/** Stores nothing. Returns the response body that the upload would have. */
export async function warmUpUploads(): Promise<AssetBody | null> {
  const texts: Record<string, string> = {};
  let body: AssetBody | null = null;
  for await (const part of readParts(warmUpForm(), BOUNDARY)) {
    if (part.filename === null) texts[part.name] = await readText(part, Infinity);
    else body = await warmUpFile(part, texts);
  }
  return body;
}
