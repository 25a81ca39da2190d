/** Making, naming and revoking API keys. The secret leaves here once and is kept nowhere. */
import { AppError, invalid, notFound } from "../../kernel/errors.ts";
import * as records from "../../records/accounts/apiKeys.ts";
import type { Database } from "../../records/database.ts";
import { listLibraries } from "../../records/libraries/libraries.ts";
import { demandKeyManagement, hashSecret, type Action, type Principal } from "./authentication.ts";

export type ApiKey = records.ApiKey;

const SECRET_BYTES = 32;

function newSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  const base64 = btoa(String.fromCharCode(...bytes));
  return `apikey_${base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
}

export interface NewKeyRequest {
  name: string;
  actions: Action[];
  /** Null: all libraries, present and future. */
  libraryIds: string[] | null;
}

/** A library that is not the owner's live one is refused by name: a key must not wait for an id to come true. */
async function checkLibraries(db: Database, who: Principal, libraryIds: string[]): Promise<void> {
  const live = new Set((await listLibraries(db, who, "live")).map((library) => library.id));
  const unknown = libraryIds.find((id) => !live.has(id));
  if (unknown !== undefined) throw new AppError("not_found", `library ${unknown} not found`);
}

export async function createApiKey(
  db: Database,
  who: Principal,
  request: NewKeyRequest,
  nowMs: number,
): Promise<{ key: ApiKey; secret: string }> {
  demandKeyManagement(who);
  if (!request.actions.includes("read")) throw invalid(["body", "actions"], 'must include "read"');
  const libraryIds = request.libraryIds === null ? null : [...new Set(request.libraryIds)];
  if (libraryIds !== null) await checkLibraries(db, who, libraryIds);
  const secret = newSecret();
  const fields = { name: request.name, actions: [...new Set(request.actions)], libraryIds, userId: who.userId };
  const key = await records.insertApiKey(db, { ...fields, secretHash: await hashSecret(secret) }, nowMs);
  return { key, secret };
}

export async function listApiKeys(db: Database, who: Principal): Promise<ApiKey[]> {
  demandKeyManagement(who);
  return await records.listApiKeys(db, who.userId);
}

export async function renameApiKey(db: Database, who: Principal, id: string, name: string): Promise<ApiKey> {
  demandKeyManagement(who);
  const key = await records.updateApiKey(db, who.userId, id, { name });
  if (key === null) throw notFound("API key");
  return key;
}

/** The row stays, so that what it was once used for can still be told. */
export async function revokeApiKey(db: Database, who: Principal, id: string): Promise<void> {
  demandKeyManagement(who);
  if ((await records.updateApiKey(db, who.userId, id, { isActive: false })) === null) throw notFound("API key");
}
