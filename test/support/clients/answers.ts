/** What answers look like, for tests that read them: assets, and the one shape of every error. */
import { expect } from "vitest";
import { z } from "zod";
import { assetSchema } from "../../../src/routes/assets/schemas.ts";

export type AssetAnswer = z.infer<typeof assetSchema>;

/** An asset as published; anything else fails the test with what came instead. */
export async function assetOf(response: Response, status: 200 | 201): Promise<AssetAnswer> {
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

/** The contract's error body and headers; answers its message, to be looked into further. */
export async function refusalOf(response: Response, status: number): Promise<z.infer<typeof errorBody>> {
  const text = await response.text();
  expect(response.status, text).toBe(status);
  expect(response.headers.get("x-request-id")).toMatch(/^[\w.-]{8,128}$/);
  expect(response.headers.get("content-type")).toMatch(/^application\/json/);
  expect(response.headers.get("cache-control")).toBe("no-store");
  const body = errorBody.parse(JSON.parse(text));
  if (status === 422) expect(body.detail).toBeInstanceOf(Array);
  return body;
}
