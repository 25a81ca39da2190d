/** Parses responses: assets and the common error body. */
import { expect } from "vitest";
import { z } from "zod";
import { assetSchema } from "../../../src/routes/assets/schemas.ts";

export type AssetResponse = z.infer<typeof assetSchema>;

/** Parses an asset by its published schema; another status fails the test and shows the body. */
export async function expectAsset(response: Response, status: 200 | 201): Promise<AssetResponse> {
  const text = await response.text();
  expect(response.status, text).toBe(status);
  return assetSchema.parse(JSON.parse(text));
}

const errorBody = z.strictObject({
  detail: z.union([
    z.string(),
    z.array(z.object({ loc: z.array(z.union([z.string(), z.number()])), msg: z.string(), type: z.string() })).min(1),
  ]),
  message: z.string().min(1),
  error: z.string().regex(/^[a-z_]+$/),
});

/** Asserts the status, headers and body of the contract's errors, and returns the body. */
export async function expectError(response: Response, status: number): Promise<z.infer<typeof errorBody>> {
  const text = await response.text();
  expect(response.status, text).toBe(status);
  expect(response.headers.get("x-request-id")).toMatch(/^[\w.-]{8,128}$/);
  expect(response.headers.get("content-type")).toMatch(/^application\/json/);
  expect(response.headers.get("cache-control")).toBe("no-store");
  const body = errorBody.parse(JSON.parse(text));
  if (status === 422) expect(body.detail).toBeInstanceOf(Array);
  return body;
}
