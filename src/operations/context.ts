/** The one dependency object of the operations, and its construction from a Worker's bindings. */
import type { Config } from "../kernel/config.ts";
import { AppError } from "../kernel/errors.ts";
import type { CachePurger } from "../providers/cache/cachePurger.ts";
import { createCachePurger } from "../providers/cache/cachePurgerFactory.ts";
import type { Describer } from "../providers/describers/describer.ts";
import { createDescriber } from "../providers/describers/describerFactory.ts";
import type { FaceRecognizer } from "../providers/faces/faceRecognizer.ts";
import { createFaceRecognizer } from "../providers/faces/faceRecognizerFactory.ts";
import type { Embedder } from "../providers/embedders/embedder.ts";
import { createEmbedder } from "../providers/embedders/embedderFactory.ts";
import type { IdentityProvider } from "../providers/identity/identityProvider.ts";
import { createIdentityProvider } from "../providers/identity/identityProviderFactory.ts";
import type { PlaceFinder } from "../providers/places/placeFinder.ts";
import { createPlaceFinder } from "../providers/places/placeFinderFactory.ts";
import { isBookmark, openDatabase, type Consistency, type Database } from "../records/database.ts";
import { enqueueIndexing } from "./search/indexing/indexQueue.ts";
import type { TaskQueue } from "./tasks/taskQueue.ts";

export type { Consistency } from "../records/database.ts";

/** The first argument of every operation: storage, providers, settings and the clock of one request or job. */
export interface Context {
  readonly db: Database;
  /** The text index, a separate database: reads come from the nearest replica. */
  readonly searchDb: Database;
  readonly bucket: R2Bucket;
  readonly queue: TaskQueue;
  readonly images: ImagesBinding;
  /** Media Transformations extracts video frames; undefined without the binding, as in local development. */
  readonly media: MediaBinding | undefined;
  readonly config: Config;
  /** The configured describer, if any. */
  readonly describer: Describer | null;
  /** Maps texts and images to vectors; null without one. */
  readonly embedder: Embedder | null;
  readonly placeFinder: PlaceFinder | null;
  /** The configured recognizer of faces, if any. */
  readonly faceRecognizer: FaceRecognizer | null;
  /** The configured OpenID provider; null for the built-in sign-in. */
  readonly identityProvider: IdentityProvider | null;
  /** The cache in front of the Worker; null where there is none, as in local development. */
  readonly cachePurger: CachePurger | null;
  /** Start of the request or job, in Unix milliseconds. */
  readonly nowMs: number;
  /** Enqueues the indexing of the events that were inserted, unless a message sent since then leads to it. */
  indexNewEvents(): Promise<void>;
  /** Keeps the Worker alive for a promise that may settle after the response. */
  waitUntil(promise: Promise<unknown>): void;
}

/** The Worker bindings that a context is built from. */
export interface Bindings {
  DB: D1Database;
  SEARCH_DB: D1Database;
  BUCKET: R2Bucket;
  QUEUE: Queue;
  IMAGES: ImagesBinding;
  ASSETS: Fetcher;
  AI?: Ai;
  MEDIA?: MediaBinding;
}

export interface ContextOptions {
  /** Called on first use, so that a scheduled sweep runs under invalid settings too. */
  config: () => Config;
  /** Replicas that the database session may read from. */
  consistency: Consistency;
  /** The Worker's execution context, whose `cache` purges the cache in front of the Worker. */
  execution: object;
  /** The authenticated credential, which events name; null before authentication and in jobs. */
  actor: () => string | null;
  nowMs: number;
  waitUntil: (promise: Promise<unknown>) => void;
}

/** Calls `onSent` after messages are sent: after any message, the consumer enqueues the indexing. */
function observeQueue(queue: TaskQueue, onSent: () => void): TaskQueue {
  return {
    send: async (message, options) => {
      const response = await queue.send(message, options);
      onSent();
      return response;
    },
    sendBatch: async (messages, options) => {
      const response = await queue.sendBatch(messages, options);
      onSent();
      return response;
    },
  };
}

/**
 * Builds the context of one request or job. The database session opens and settings and providers are resolved on
 * first use, so that media requests skip the session, and reads skip the describer and the place finder.
 *
 * @throws {AppError} `not_configured`, on first use of `config` or of a provider under invalid settings.
 */
export function createContext(bindings: Bindings, options: ContextOptions): Context {
  let db: Database | undefined;
  const counter = { rowsRead: 0, hasNewEvents: false };
  let searchDb: Database | undefined;
  let describer: Describer | null | undefined;
  let embedder: Embedder | null | undefined;
  let placeFinder: PlaceFinder | undefined;
  let faceRecognizer: FaceRecognizer | null | undefined;
  return {
    get db() {
      return (db ??= openDatabase(bindings.DB, options.consistency, options.actor, counter));
    },
    get searchDb() {
      return (searchDb ??= openDatabase(bindings.SEARCH_DB, "nearest"));
    },
    bucket: bindings.BUCKET,
    queue: observeQueue(bindings.QUEUE, () => (counter.hasNewEvents = false)),
    images: bindings.IMAGES,
    media: bindings.MEDIA,
    get config() {
      return options.config();
    },
    get describer() {
      if (describer === undefined) describer = createDescriber(options.config(), bindings);
      return describer;
    },
    get embedder() {
      if (embedder === undefined) embedder = createEmbedder(options.config(), bindings);
      return embedder;
    },
    get placeFinder() {
      return (placeFinder ??= createPlaceFinder(options.config(), bindings));
    },
    get faceRecognizer() {
      if (faceRecognizer === undefined) faceRecognizer = createFaceRecognizer(options.config(), bindings);
      return faceRecognizer;
    },
    get identityProvider() {
      return createIdentityProvider(options.config());
    },
    get cachePurger() {
      return createCachePurger(options.execution);
    },
    indexNewEvents: async () => {
      if (counter.hasNewEvents) await enqueueIndexing(bindings.QUEUE, options.config().workersPlan);
      counter.hasNewEvents = false;
    },
    nowMs: options.nowMs,
    waitUntil: options.waitUntil,
  };
}

/**
 * Chooses where a request's database session reads from. Writes, and the checks before them, need the primary. Reads
 * use the nearest replica that is at least as new as the bookmark of an earlier response.
 *
 * @throws {AppError} `bad_request` for a malformed bookmark.
 */
export function sessionConsistency(isRead: boolean, bookmark: string | null): Consistency {
  if (bookmark !== null && !isBookmark(bookmark)) throw new AppError("bad_request", "invalid x-d1-bookmark header");
  if (!isRead) return "primary";
  return bookmark === null ? "nearest" : { bookmark };
}
