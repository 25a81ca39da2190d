/**
 * A client that keeps a copy of one library by the change feed alone, as docs/build-a-sync-client.md tells it to:
 * it reads on from its cursor, fetches what changed by id, and forgets what is gone.
 */
import { expect } from "vitest";
import { z } from "zod";
import { call } from "./api.ts";

const row = z.looseObject({ id: z.string() });
export type Row = z.infer<typeof row>;

const page = z.object({ data: z.array(row), has_more: z.boolean() });

const eventPage = z.object({
  data: z.array(
    z.object({ cursor: z.string(), event_type: z.string(), entity_type: z.string(), entity_id: z.string() }),
  ),
  has_more: z.boolean(),
});

/** What is mirrored, and where it is read. */
const collections = {
  asset: "/api/assets?state=all&include=metadata,file_data&",
  album: "/api/albums?",
  album_asset: "/api/album-assets?",
  stack: "/api/stacks?",
} as const;
export type Kind = keyof typeof collections;
export const kinds: Kind[] = ["asset", "album", "album_asset", "stack"];

function kindOf(entityType: string): Kind | null {
  if (entityType === "metadata") return "asset";
  return kinds.find((kind) => kind === entityType) ?? null;
}

async function get<T extends z.ZodType>(schema: T, path: string): Promise<z.output<T>> {
  const response = await call("GET", path);
  const text = await response.text();
  expect(response.status, `${path}: ${text}`).toBe(200);
  return schema.parse(JSON.parse(text));
}

/** URLs are signed anew each day, and an album's follows the version of its cover, whose own event tells of that. */
function withoutUrls({ asset_urls: _urls, album_cover_thumbnail_url: _url, ...rest }: Row): Row {
  return rest;
}

/** All there is of a kind, as the lists show it. */
export async function readAll(kind: Kind, libraryId: string): Promise<Map<string, Row>> {
  const rows = new Map<string, Row>();
  for (let behind = ""; ;) {
    const found = await get(page, `${collections[kind]}library_id=${libraryId}&limit=200${behind}`);
    for (const entry of found.data) rows.set(entry.id, withoutUrls(entry));
    const last = found.data.at(-1);
    if (!found.has_more || last === undefined) return rows;
    behind = `&starting_after_id=${last.id}`;
  }
}

export class FeedMirror {
  readonly copies: Record<Kind, Map<string, Row>> = {
    asset: new Map(),
    album: new Map(),
    album_asset: new Map(),
    stack: new Map(),
  };
  private cursor: string | null = null;
  private readonly libraryId: string;

  constructor(libraryId: string) {
    this.libraryId = libraryId;
  }

  /** Reads to the feed's end. */
  async poll(pageSize = 200): Promise<void> {
    for (;;) {
      const behind = this.cursor === null ? "" : `&after_cursor=${encodeURIComponent(this.cursor)}`;
      const found = await get(eventPage, `/api/events?library_id=${this.libraryId}&limit=${pageSize}${behind}`);
      const changed: Record<Kind, Set<string>> = {
        asset: new Set(),
        album: new Set(),
        album_asset: new Set(),
        stack: new Set(),
      };
      for (const event of found.data) {
        const kind = kindOf(event.entity_type);
        if (kind === null) continue;
        if (/_(deleted|removed)$/.test(event.event_type)) {
          this.copies[kind].delete(event.entity_id);
          changed[kind].delete(event.entity_id);
        } else changed[kind].add(event.entity_id);
      }
      for (const kind of kinds) await this.fetch(kind, [...changed[kind]]);
      this.cursor = found.data.at(-1)?.cursor ?? this.cursor;
      if (!found.has_more) return;
    }
  }

  private async fetch(kind: Kind, ids: string[]): Promise<void> {
    if (ids.length === 0) return;
    const path = `${collections[kind]}library_id=${this.libraryId}&limit=200&ids=${ids.join(",")}`;
    const found = new Map((await get(page, path)).data.map((entry) => [entry.id, withoutUrls(entry)]));
    for (const id of ids) {
      const entry = found.get(id);
      if (entry === undefined) this.copies[kind].delete(id);
      else this.copies[kind].set(id, entry);
    }
  }

  /** The copy is what the lists show, to the letter. */
  async expectSame(because: string): Promise<void> {
    for (const kind of kinds) {
      const real = await readAll(kind, this.libraryId);
      const copy = this.copies[kind];
      const sorted = (rows: Map<string, Row>): [string, Row][] => [...rows].toSorted(([a], [b]) => (a < b ? -1 : 1));
      expect(sorted(copy), `${because}: ${kind}`).toEqual(sorted(real));
    }
  }
}
