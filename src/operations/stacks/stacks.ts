/** Stacks: making, covering, filling, emptying and reading them. */
import { AppError, invalid, notFound } from "../../kernel/errors.ts";
import { idOf } from "../../kernel/ids.ts";
import type { Database } from "../../records/database.ts";
import { applyStackChange, readStacking, type KnownAsset, type KnownStack } from "../../records/stacks/stackChanges.ts";
import * as records from "../../records/stacks/stacks.ts";
import type { Principal } from "../accounts/authentication.ts";
import { demandLibrary, resolveLibrary } from "../libraries/libraries.ts";
import { dissolve, gather, sameStack, takeOut } from "./stackPlan.ts";

export type Stack = records.Stack;

export async function getStack(db: Database, who: Principal, id: string): Promise<Stack> {
  const stack = await records.findStack(db, who, id);
  if (stack === null) throw notFound("stack");
  return stack;
}

export type StackListQuestion = Omit<records.StackListRequest, "libraryId"> & { libraryId: string | null };

export async function listStacks(db: Database, who: Principal, question: StackListQuestion) {
  const library = await resolveLibrary(db, who, question.libraryId);
  if (question.startingAfterId !== null) {
    const last = await records.findStack(db, who, question.startingAfterId);
    if (last?.libraryId !== library.id) {
      throw new AppError("bad_request", "starting_after_id names no stack of this library");
    }
  }
  return await records.listStacks(db, { ...question, libraryId: library.id });
}

/** The first try and two more: who is overtaken three times within one request is told so. */
const MAX_TRIES = 3;

/** Reads, decides and writes anew where the stacks changed in between; `attempt` answers null then. */
async function untilUndisturbed<T>(attempt: (isFirst: boolean) => Promise<T | null>): Promise<T> {
  for (let i = 0; i < MAX_TRIES; i++) {
    const result = await attempt(i === 0);
    if (result !== null) return result;
  }
  throw new AppError("write_conflict", "these stacks are being changed by someone else; try again");
}

/** A stack that was there when the call began and is not any more: trying again will not bring it back. */
function demandStack(stack: KnownStack | null, isFirst: boolean): KnownStack {
  if (stack !== null) return stack;
  throw isFirst ? notFound("stack") : new AppError("conflict", "the stack was dissolved meanwhile");
}

const MAX_NAMED = 10;

function listed(ids: string[]): string {
  const rest = ids.length - MAX_NAMED;
  return ids.slice(0, MAX_NAMED).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}

/** All of them, in this library and out of the trash, unless they are members already. */
function demandAssets(found: KnownAsset[], wanted: string[], libraryId: string, stackId: string | null): KnownAsset[] {
  const assets = found.filter((asset) => asset.libraryId === libraryId);
  const known = new Set(assets.map(({ id }) => id));
  const missing = wanted.filter((id) => !known.has(id));
  if (missing.length > 0) throw new AppError("not_found", `assets not found in this library: ${listed(missing)}`);
  const newcomers = assets.filter(({ stack }) => stackId === null || stack?.id !== stackId);
  const trashed = newcomers.filter((asset) => asset.isTrashed).map(({ id }) => id);
  if (trashed.length > 0) {
    throw invalid(
      ["body", "asset_ids"],
      `must be live; restore these first, they are in the trash: ${listed(trashed)}`,
    );
  }
  return newcomers;
}

export interface NewStack {
  assetIds: string[];
  primaryAssetId: string | null;
  libraryId: string | null;
}

/** Of what is asked for, in whatever order: it stands in the new stack's id, which so tells what made it. */
async function digestOf(who: Principal, request: NewStack, assetIds: string[]): Promise<Uint8Array> {
  const text = JSON.stringify([who.userId, request.primaryAssetId, assetIds.toSorted()]);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

/** Asked for again, it answers the stack that the first call made. */
export async function createStack(db: Database, who: Principal, request: NewStack, nowMs: number): Promise<Stack> {
  const { primaryAssetId, libraryId } = request;
  const assetIds = [...new Set(request.assetIds)];
  const digest = await digestOf(who, request, assetIds);
  const isOfRequest = ({ id, createdAt }: KnownStack): boolean => id === idOf("stack", createdAt, digest);
  return await untilUndisturbed(async () => {
    const reading = await readStacking(db, who, { libraryId, stackId: null, assetIds });
    const library = demandLibrary(reading.libraries, libraryId);
    const assets = demandAssets(reading.assets, assetIds, library.id, null);
    const same = sameStack(assets, primaryAssetId, isOfRequest);
    if (same !== null) return await records.findStack(db, who, same.id);
    const stackId = idOf("stack", nowMs, digest);
    const change = {
      libraryId: library.id,
      stackId,
      createdFor: who.userId,
      origin: "user" as const,
      primaryAssetId,
      ...gather(assets, stackId),
    };
    const result = await applyStackChange(db, change, reading.unchanged, nowMs);
    return result === false ? null : result.stack;
  });
}

export async function addToStack(
  db: Database,
  who: Principal,
  id: string,
  assetIds: string[],
  nowMs: number,
): Promise<Stack> {
  const wanted = [...new Set(assetIds)];
  return await untilUndisturbed(async (isFirst) => {
    const reading = await readStacking(db, who, { libraryId: null, stackId: id, assetIds: wanted });
    const { libraryId } = demandStack(reading.stack, isFirst);
    const newcomers = demandAssets(reading.assets, wanted, libraryId, id);
    if (newcomers.length === 0) return await records.findStack(db, who, id);
    const change = { libraryId, stackId: id, createdFor: null, origin: "user" as const, ...gather(newcomers, id) };
    const result = await applyStackChange(db, change, reading.unchanged, nowMs);
    return result === false ? null : result.stack;
  });
}

/** What is no member is left alone. */
export async function removeFromStack(
  db: Database,
  who: Principal,
  id: string,
  assetIds: string[],
  nowMs: number,
): Promise<void> {
  const wanted = [...new Set(assetIds)];
  await untilUndisturbed(async (isFirst) => {
    const reading = await readStacking(db, who, { libraryId: null, stackId: id, assetIds: wanted });
    const stack = demandStack(reading.stack, isFirst);
    const leaving = reading.assets.filter((asset) => asset.stack?.id === id).map((asset) => asset.id);
    if (leaving.length === 0) return true;
    const result = await applyStackChange(db, takeOut(stack, leaving), reading.unchanged, nowMs);
    return result === false ? null : true;
  });
}

/** Ungroups: the assets stay. */
export async function deleteStack(db: Database, who: Principal, id: string, nowMs: number): Promise<void> {
  await untilUndisturbed(async (isFirst) => {
    const reading = await readStacking(db, who, { libraryId: null, stackId: id, assetIds: [] });
    const stack = demandStack(reading.stack, isFirst);
    const result = await applyStackChange(db, dissolve(stack), reading.unchanged, nowMs);
    return result === false ? null : true;
  });
}

export async function setStackCover(
  db: Database,
  who: Principal,
  id: string,
  assetId: string,
  nowMs: number,
): Promise<Stack> {
  const result = await records.setStackCover(db, who, id, assetId, nowMs);
  if (result === null) throw notFound("stack");
  if (!result.isMember) throw invalid(["body", "primary_asset_id"], "must be a live member of this stack");
  return result.stack;
}
