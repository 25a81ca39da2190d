/**
 * A sync client as docs/build-a-sync-client.md describes it: mirrors one library from the change feed, fetches changed
 * entities by id and drops deleted ones.
 */
import { expect } from "vitest";
import { z } from "zod";
import { call } from "./api.ts";

const row = z.looseObject({ id: z.string() });
export type Row = z.infer<typeof row>;

const page = z.object({ data: z.array(row), has_more: z.boolean() });

const eventSchema = z.object({
  cursor: z.string(),
  event_type: z.string(),
  entity_type: z.string(),
  entity_id: z.string(),
  payload: z.record(z.string(), z.unknown()).nullable(),
});
type FeedEvent = z.infer<typeof eventSchema>;

const eventPage = z.object({
  data: z.array(eventSchema),
  has_more: z.boolean(),
  next_cursor: z.string().nullable(),
});

/** List path of each mirrored collection. */
const listPaths = {
  asset: "/api/assets?state=all&include=metadata,file_data&",
  album: "/api/albums?",
  album_asset: "/api/album-assets?",
  stack: "/api/stacks?",
  face: "/api/faces?",
  person: "/api/people?name_filter=all&include_hidden=true&",
} as const;
export type Collection = keyof typeof listPaths;
/** People are last: they are fetched again for the faces that changed. */
export const collections: Collection[] = ["asset", "album", "album_asset", "stack", "face", "person"];

function forEachCollection<T>(create: () => T): Record<Collection, T> {
  return {
    asset: create(),
    album: create(),
    album_asset: create(),
    stack: create(),
    face: create(),
    person: create(),
  };
}

function collectionForEvent(entityType: string): Collection | null {
  if (entityType === "metadata") return "asset";
  return collections.find((collection) => collection === entityType) ?? null;
}

async function get<T extends z.ZodType>(schema: T, path: string): Promise<z.output<T>> {
  const response = await call("GET", path);
  const text = await response.text();
  expect(response.status, `${path}: ${text}`).toBe(200);
  return schema.parse(JSON.parse(text));
}

/** Drops signed URLs: they change daily, and an album's cover URL changes with the cover's own event. */
function withoutUrls({ asset_urls: _urls, album_cover_thumbnail_url: _url, ...rest }: Row): Row {
  return rest;
}

/** Reads a whole collection from its list. */
export async function readAll(collection: Collection, libraryId: string): Promise<Map<string, Row>> {
  const rows = new Map<string, Row>();
  for (let cursorQuery = ""; ;) {
    const list = await get(page, `${listPaths[collection]}library_id=${libraryId}&limit=200${cursorQuery}`);
    for (const entry of list.data) rows.set(entry.id, withoutUrls(entry));
    const last = list.data.at(-1);
    if (!list.has_more || last === undefined) return rows;
    cursorQuery = `&starting_after_id=${last.id}`;
  }
}

export class FeedMirror {
  readonly copies = forEachCollection(() => new Map<string, Row>());
  private cursor: string | null = null;
  private readonly libraryId: string;

  constructor(libraryId: string) {
    this.libraryId = libraryId;
  }

  /** Reads the feed from the cursor to its end. */
  async poll(pageSize = 200): Promise<void> {
    for (;;) {
      const cursorQuery = this.cursor === null ? "" : `&after_cursor=${encodeURIComponent(this.cursor)}`;
      const feed = await get(eventPage, `/api/events?library_id=${this.libraryId}&limit=${pageSize}${cursorQuery}`);
      const changed = forEachCollection(() => new Set<string>());
      for (const event of feed.data) {
        for (const id of this.peopleOf(event)) changed.person.add(id);
        const collection = collectionForEvent(event.entity_type);
        if (collection === null) continue;
        if (/_(deleted|removed)$/.test(event.event_type)) {
          this.copies[collection].delete(event.entity_id);
          changed[collection].delete(event.entity_id);
        } else changed[collection].add(event.entity_id);
      }
      for (const collection of collections) {
        if (collection === "stack") for (const id of this.stacksOfMovedAssets(feed.data)) changed.stack.add(id);
        if (collection === "person") await this.fetchFacesOfMovedAssets(feed.data, changed.person);
        await this.fetch(collection, [...changed[collection]]);
        if (collection === "face") for (const id of this.peopleOfFaces(changed.face)) changed.person.add(id);
      }
      this.cursor = feed.next_cursor;
      if (!feed.has_more) return;
    }
  }

  /** Trash and restore change the count of a stack without an event of the stack. */
  private stacksOfMovedAssets(events: { event_type: string; entity_id: string }[]): string[] {
    return events
      .filter(({ event_type }) => event_type === "asset_trashed" || event_type === "asset_restored")
      .map(({ entity_id }) => this.copies.asset.get(entity_id)?.["stack_id"])
      .filter((id) => typeof id === "string");
  }

  private personOf(faceId: string): string | null {
    const personId = this.copies.face.get(faceId)?.["person_id"];
    return typeof personId === "string" ? personId : null;
  }

  private peopleOfFaces(faceIds: Iterable<string>): string[] {
    return [...faceIds].map((id) => this.personOf(id)).filter((id) => id !== null);
  }

  /** The people whose counts and portraits an event of a face changes. */
  private peopleOf({ entity_type, entity_id, payload }: FeedEvent): string[] {
    if (entity_type !== "face") return [];
    const { person_id = null, previous_person_id = null } = payload ?? {};
    return [person_id, previous_person_id, this.personOf(entity_id)].filter((id) => typeof id === "string");
  }

  /** Trash, restore and moves change the faces of an asset, and the counts of their people, without events of them. */
  private async fetchFacesOfMovedAssets(events: FeedEvent[], changedPeople: Set<string>): Promise<void> {
    const moved = events.filter(({ event_type }) =>
      /^asset_(trashed|restored|moved_out|moved_in|deleted)$/.test(event_type),
    );
    for (const assetId of new Set(moved.map(({ entity_id }) => entity_id))) {
      const noteTheirPeople = (): void => {
        for (const [id, face] of this.copies.face) {
          const personId = face["asset_id"] === assetId ? this.personOf(id) : null;
          if (personId !== null) changedPeople.add(personId);
        }
      };
      noteTheirPeople();
      for (const [id, face] of this.copies.face) if (face["asset_id"] === assetId) this.copies.face.delete(id);
      const path = `${listPaths.face}library_id=${this.libraryId}&limit=200&asset_id=${assetId}`;
      for (const face of (await get(page, path)).data) this.copies.face.set(face.id, withoutUrls(face));
      noteTheirPeople();
    }
  }

  private async fetch(collection: Collection, ids: string[]): Promise<void> {
    for (let from = 0; from < ids.length; from += 200) await this.fetchSome(collection, ids.slice(from, from + 200));
  }

  private async fetchSome(collection: Collection, ids: string[]): Promise<void> {
    const path = `${listPaths[collection]}library_id=${this.libraryId}&limit=200&ids=${ids.join(",")}`;
    const entries = new Map((await get(page, path)).data.map((entry) => [entry.id, withoutUrls(entry)]));
    for (const id of ids) {
      const entry = entries.get(id);
      if (entry === undefined) this.copies[collection].delete(id);
      else this.copies[collection].set(id, entry);
    }
  }

  /** Asserts that the mirror equals the lists. */
  async expectMatchesLists(label: string): Promise<void> {
    for (const collection of collections) {
      const listed = await readAll(collection, this.libraryId);
      const copy = this.copies[collection];
      const sorted = (rows: Map<string, Row>): [string, Row][] => [...rows].toSorted(([a], [b]) => (a < b ? -1 : 1));
      expect(sorted(copy), `${label}: ${collection}`).toEqual(sorted(listed));
    }
  }
}
