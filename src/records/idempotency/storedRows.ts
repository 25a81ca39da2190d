/** Parsers of the rows that are stored as results of idempotent creations. */
import { z } from "zod";
import { faceValue } from "../faces/faceJson.ts";
import { personValue } from "../people/personJson.ts";
import type { albums, libraries, stacks } from "../schema/schema.ts";

const text = z.string();
const int = z.int();
/** Missing in results that an older release stored within the last day. */
const foldedName = text.nullable().default(null);

export const storedAlbum = z.object({
  id: text,
  libraryId: text,
  userId: text,
  name: text,
  foldedName,
  description: text.nullable(),
  assetCount: int,
  startUs: int.nullable(),
  startOffsetMinutes: int.nullable(),
  endUs: int.nullable(),
  endOffsetMinutes: int.nullable(),
  pinnedCoverId: text.nullable(),
  newestAssetId: text.nullable(),
  deletedAt: int.nullable(),
  createdAt: int,
  updatedAt: int,
}) satisfies z.ZodType<typeof albums.$inferSelect>;

export const storedLibrary = z.object({
  id: text,
  userId: text,
  name: text,
  foldedName,
  description: text.nullable(),
  assetCount: int,
  albumCount: int,
  storageUsedBytes: int,
  storageLimitBytes: int.nullable(),
  trashedAt: int.nullable(),
  purgeAt: int.nullable(),
  trashClearedAt: int,
  createdAt: int,
  updatedAt: int,
}) satisfies z.ZodType<typeof libraries.$inferSelect>;

export const storedStack = z.object({
  id: text,
  libraryId: text,
  userId: text,
  origin: z.enum(["auto_burst", "user"]),
  primaryAssetId: text.nullable(),
  assetCount: int,
  memberCount: int,
  createdAt: int,
  updatedAt: int,
}) satisfies z.ZodType<typeof stacks.$inferSelect>;

/** An API key, whose secret is returned only once. */
export const storedKey = z.object({ id: text });

/** A user, whose row has personal data. */
export const storedUser = z.object({ id: text });

export const storedPerson = z.object({ libraryId: text, person: personValue });

export const storedFace = z.object({ libraryId: text, face: faceValue });
