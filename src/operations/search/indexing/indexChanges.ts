/**
 * Keeps the text index in step with the main database. Each part reads the assets of the next events, or of a scan of all
 * assets, and writes the documents that changed together with its position. Every part can be repeated.
 */
import { info } from "../../../kernel/log.ts";
import type { Database } from "../../../records/database.ts";
import { clearDocuments, listDigests, writeDocuments } from "../../../records/search/documents.ts";
import { listDocumentsWith } from "../../../records/search/matches.ts";
import { listIndexedNames, type EntityName } from "../../../records/search/names.ts";
import { findSearchState, type SearchPosition, type SearchState } from "../../../records/search/searchState.ts";
import {
  listAssetIds,
  listIndexedAssets,
  listIndexedChanges,
  listNames,
  type IndexedAsset,
  type IndexedChange,
} from "../../../records/search/sources.ts";
import type { Context } from "../../context.ts";
import { CODES } from "../text/calendarWords.ts";
import { continueIndexing } from "./indexQueue.ts";
import { documentOf, INDEX_VERSION } from "./documents.ts";

/** Assets of one part: four round trips and one write. The Workers Free plan has 10 ms of CPU for a message. */
export const ASSETS_PER_PART = { paid: 100, free: 20 } as const;
/** Events that one part reads. */
export const EVENTS_PER_PART = 500;
/** Parts of one run: the Workers Free plan allows 50 queries of D1 an invocation, and a part takes up to 14. */
export const PARTS_PER_RUN = { paid: 20, free: 3 } as const;

/** One run: its databases, and the state that the next part continues. */
interface Run {
  db: Database;
  searchDb: Database;
  atMs: number;
  assetsPerPart: number;
  state: SearchState;
}

/** Indexes assets as they are now, and moves the position. Returns false, without any change, if another run has moved it. */
async function indexAssets(
  { db, searchDb, state, atMs }: Run,
  assetIds: string[],
  next: SearchPosition,
  renamed: EntityName | null = null,
): Promise<boolean> {
  const [assets, digests] =
    assetIds.length === 0
      ? [[], new Map<string, number>()]
      : await Promise.all([listIndexedAssets(db, assetIds), listDigests(searchDb, assetIds)]);
  const live = new Set(assets.map(({ id }) => id));
  const documents = assets.map(documentOf).filter(({ assetId, digest }) => digests.get(assetId) !== digest);
  const changed = new Set(documents.map(({ assetId }) => assetId));
  const write = {
    documents,
    deletedAssetIds: assetIds.filter((id) => digests.has(id) && !live.has(id)),
    seenNames: namesOf(assets.filter(({ id }) => changed.has(id))),
    renamed,
  };
  return await writeDocuments(searchDb, state, write, next, atMs);
}

/** The albums and people of assets, each once. */
function namesOf(assets: IndexedAsset[]): EntityName[] {
  const named = assets.flatMap(({ libraryId, albums, people }) =>
    [...albums, ...people].map(({ id, name }) => [id, { id, libraryId, name }] as const),
  );
  return [...new Map(named).values()];
}

/** Starts over: deletes the documents and scans all assets; later events follow the scan. */
async function startRebuild({ searchDb, state, atMs }: Run, lastSeq: number): Promise<void> {
  const next = { indexVersion: INDEX_VERSION, seq: lastSeq, scanAfter: "", entity: null };
  if (await clearDocuments(searchDb, state, next, atMs)) info("rebuilding the text index", { last_seq: lastSeq });
}

async function indexScanned(run: Run, scanAfter: string): Promise<void> {
  const ids = await listAssetIds(run.db, scanAfter, run.assetsPerPart);
  const last = ids.at(-1);
  const isComplete = last === undefined || ids.length < run.assetsPerPart;
  await indexAssets(run, ids, { ...run.state, scanAfter: isComplete ? null : last });
}

/** Indexes a page of the assets of a renamed album or person. */
async function indexRenamed(run: Run, entity: NonNullable<SearchState["entity"]>): Promise<void> {
  const { db, searchDb, assetsPerPart: limit, state } = run;
  const complete = { ...state, seq: Math.max(state.seq, entity.seq), entity: null };
  const [event] = (await listIndexedChanges(db, entity.seq - 1, 1)).changes;
  // The event is deleted with its library.
  if (event?.seq !== entity.seq || event.entityId === null) {
    await indexAssets(run, [], complete);
    return;
  }
  const page = await listDocumentsWith(searchDb, {
    libraryId: event.libraryId,
    word: CODES.entity(event.entityId),
    afterDocument: entity.afterDocument,
    limit,
  });
  const last = page.at(-1);
  const next =
    last === undefined || page.length < limit ? complete : { ...state, entity: { ...entity, afterDocument: last.id } };
  await indexAssets(
    run,
    page.map(({ assetId }) => assetId),
    next,
  );
}

/** The albums and people of the events whose name is another one than that with which their assets are indexed. */
async function findRenamed({ db, searchDb }: Run, changes: IndexedChange[]): Promise<Map<string, string | null>> {
  const ids = [...new Set(changes.flatMap(({ entityId }) => entityId ?? []))];
  if (ids.length === 0) return new Map();
  const [names, indexed] = await Promise.all([listNames(db, ids), listIndexedNames(searchDb, ids)]);
  // No document has an album or person that was never seen.
  const seen = ids.filter((id) => indexed.has(id));
  const renamed = seen.filter((id) => indexed.get(id) !== (names.get(id) ?? ""));
  return new Map(renamed.map((id) => [id, names.get(id) ?? null]));
}

/** Indexes the assets of the next events. Returns whether there may be more: later events have a message of their own. */
async function indexEvents(run: Run): Promise<boolean> {
  const { state, assetsPerPart } = run;
  const { changes, lastSeq } = await listIndexedChanges(run.db, state.seq, EVENTS_PER_PART);
  // The main database was restored to an earlier time.
  if (lastSeq < state.seq) {
    await startRebuild(run, lastSeq);
    return true;
  }
  if (changes.length === 0) return false;
  const renamed = await findRenamed(run, changes);
  const assetIds = new Set<string>();
  let seq = state.seq;
  for (const change of changes) {
    const name = change.entityId === null ? undefined : renamed.get(change.entityId);
    if (change.entityId !== null && name !== undefined) {
      if (assetIds.size > 0) break;
      const next = { ...state, seq, entity: { seq: change.seq, afterDocument: 0 } };
      await indexAssets(run, [], next, { id: change.entityId, libraryId: change.libraryId, name });
      return true;
    }
    if (change.assetId !== null && !assetIds.has(change.assetId)) {
      if (assetIds.size === assetsPerPart) break;
      assetIds.add(change.assetId);
    }
    seq = change.seq;
  }
  const isMoved = await indexAssets(run, [...assetIds], { ...state, seq });
  return !isMoved || seq !== lastSeq;
}

/** Runs one part. Returns false if it indexed the rest. */
async function runPart(run: Run): Promise<boolean> {
  const { state } = run;
  if (state.indexVersion !== INDEX_VERSION) {
    const { lastSeq } = await listIndexedChanges(run.db, Number.MAX_SAFE_INTEGER - 1, 1);
    await startRebuild(run, lastSeq);
    return true;
  }
  if (state.scanAfter !== null) await indexScanned(run, state.scanAfter);
  else if (state.entity !== null) await indexRenamed(run, state.entity);
  else return await indexEvents(run);
  return true;
}

/**
 * Indexes what changed, in a bounded number of parts. Runs at the same time disturb each other only in speed: a part
 * whose position another run has moved writes nothing. Returns whether more may be left.
 */
export async function indexChanges(context: Context): Promise<boolean> {
  const { workersPlan } = context.config;
  const searchDb = context.searchDb.primary();
  const db = context.db.primary();
  for (let parts = 0; parts < PARTS_PER_RUN[workersPlan]; parts++) {
    const state = await findSearchState(searchDb);
    const run = { db, searchDb, state, atMs: context.nowMs, assetsPerPart: ASSETS_PER_PART[workersPlan] };
    if (!(await runPart(run))) return false;
  }
  return true;
}

/** Indexes changes whose message was lost, and enqueues the rest. */
export async function indexOverdue(context: Context): Promise<void> {
  if (await indexChanges(context)) await continueIndexing(context.queue);
}
