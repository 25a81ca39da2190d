/** A client that calls random operations of the API and records the acknowledged uploads. */
import { env } from "cloudflare:workers";
import { z } from "zod";
import { openDatabase, type Database } from "../../src/records/database.ts";
import { deleteAlbum, listHiddenAlbums, purgeAlbumPart } from "../../src/records/deletion/purgeAlbums.ts";
import { call, upload, uniqueBytes } from "../support/clients/api.ts";
import { renderPng } from "../support/media/images.ts";
import { sampleBytes } from "../fixtures/media/samples.ts";
import { randomPeopleActions } from "./randomPeople.ts";

export interface RandomSource {
  /** Returns an integer from 0 to `limit - 1`. */
  nextInt(limit: number): number;
}

/** mulberry32: a seed reproduces its simulation. */
export function createRandomSource(seed: number): RandomSource {
  let state = seed >>> 0;
  return {
    nextInt(limit) {
      state = (state + 0x6d2b79f5) >>> 0;
      let t = state;
      t = Math.imul(t ^ (t >>> 15), t | 1);
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
      return ((t ^ (t >>> 14)) >>> 0) % limit;
    },
  };
}

const withId = z.looseObject({ id: z.string() });
const moveResults = z.object({ data: z.array(z.object({ outcome: z.string(), failure: z.string().nullable() })) });
const withUrls = z.looseObject({ asset_urls: z.record(z.string(), z.looseObject({ url: z.string() })) });

export interface ClientOptions {
  libraryId: string;
  /** Assets move to this library and back. */
  otherLibraryId: string;
  random: RandomSource;
  /** Creates the bindings of one request; their calls may fail. */
  createBindings: () => Partial<Cloudflare.Env>;
}

const DAY_MS = 24 * 3600_000;
/** Uploads are one action in ten: without assets the others do nothing. */
const UPLOAD_WEIGHT = 5;

/** Keeps every id of a response; some ids belong to entities deleted since. */
export class RandomClient {
  readonly assets: string[] = [];
  readonly albums: string[] = [];
  readonly stacks: string[] = [];
  /** Assets whose upload returned 200 or 201 and that no later request could have deleted. */
  readonly acknowledged = new Set<string>();
  readonly responseCounts = new Map<string, number>();
  private readonly uploadedFiles: Uint8Array[] = [];
  private readonly options: ClientOptions;
  private readonly image: Uint8Array;
  private readonly poster: Uint8Array<ArrayBuffer>;

  private constructor(options: ClientOptions, image: Uint8Array, poster: Uint8Array<ArrayBuffer>) {
    this.options = options;
    this.image = image;
    this.poster = poster;
    const send = async (name: string, method: string, path: string, json?: unknown) =>
      await this.send(name, method, path, json);
    this.actions.push(...randomPeopleActions({ ...options, assets: this.assets, send }));
  }

  static async create(options: ClientOptions): Promise<RandomClient> {
    const poster = await renderPng(16, 9, (x) => [x * 9, 99, 9, 255]);
    return new RandomClient(options, await sampleBytes("0005_Landscape_5.jpg"), poster);
  }

  private pickSome(ids: string[], most = 5): string[] {
    const count = 1 + this.options.random.nextInt(most);
    const picked = Array.from({ length: count }, () => ids[this.options.random.nextInt(Math.max(1, ids.length))]);
    return [...new Set(picked.filter((id) => id !== undefined))];
  }

  private pickOne(ids: string[]): string | null {
    return ids[this.options.random.nextInt(Math.max(1, ids.length))] ?? null;
  }

  private async send(name: string, method: string, path: string, json?: unknown): Promise<Response> {
    const response = await call(method, path, {
      env: this.options.createBindings(),
      ...(json === undefined ? {} : { json }),
    });
    this.countResponse(name, response);
    return response;
  }

  private countResponse(name: string, response: Response): void {
    this.countOutcome(name, response.status);
  }

  private countOutcome(name: string, status: number): void {
    const key = `${name} ${status}`;
    this.responseCounts.set(key, (this.responseCounts.get(key) ?? 0) + 1);
  }

  private async rememberId(response: Response, ids: string[]): Promise<void> {
    if (!response.ok) return;
    const { id } = withId.parse(await response.json());
    if (!ids.includes(id)) ids.push(id);
  }

  private nextFile(): Uint8Array {
    const earlier = this.uploadedFiles[this.options.random.nextInt(Math.max(1, this.uploadedFiles.length))];
    if (earlier !== undefined && this.options.random.nextInt(4) === 0) return earlier;
    const tail = uniqueBytes(40);
    const bytes = new Uint8Array(this.image.length + tail.length);
    bytes.set(this.image);
    bytes.set(tail, this.image.length);
    this.uploadedFiles.push(bytes);
    return bytes;
  }

  private readonly actions: (() => Promise<unknown>)[] = [
    ...Array.from({ length: UPLOAD_WEIGHT }, () => async () => await this.upload()),
    async () => await this.sendIds("trash assets", "POST", "/api/assets/trash", this.pickSome(this.assets)),
    async () => await this.sendIds("restore assets", "POST", "/api/assets/restore", this.pickSome(this.assets)),
    async () => await this.deleteAssets(this.pickSome(this.assets, 2)),
    async () => await this.emptyTrash(),
    async () => {
      const response = await this.send("create album", "POST", "/api/albums", {
        // Some names are taken, by an album or by a concurrent request.
        name: `album ${this.options.random.nextInt(40)}`,
        library_id: this.options.libraryId,
      });
      await this.rememberId(response, this.albums);
    },
    async () => await this.changeAlbumAssets("POST"),
    async () => await this.changeAlbumAssets("POST"),
    async () => await this.changeAlbumAssets("DELETE"),
    async () => {
      const album_cover_asset_id = this.pickOne(this.assets);
      const album = this.pickOne(this.albums);
      if (album !== null) await this.send("update album", "PATCH", `/api/albums/${album}`, { album_cover_asset_id });
    },
    async () => {
      const name = `ALBUM ${this.options.random.nextInt(40)}`;
      const album = this.pickOne(this.albums);
      if (album !== null) await this.send("rename album", "PATCH", `/api/albums/${album}`, { name });
    },
    async () => {
      const album = this.options.random.nextInt(4) === 0 ? this.pickOne(this.albums) : null;
      if (album !== null) await this.send("delete album", "DELETE", `/api/albums/${album}`);
    },
    async () => await this.deleteAlbumInParts(),
    async () => await this.continueAlbumDeletion(),
    async () => await this.putPoster(),
    async () => await this.putPoster(),
    async () => await this.showThumbnail(),
    async () => await this.showThumbnail(),
    async () => await this.createStack(),
    async () => await this.createStack(),
    async () => await this.changeStackAssets("POST"),
    async () => await this.changeStackAssets("DELETE"),
    async () => {
      const stack = this.pickOne(this.stacks);
      const primary_asset_id = this.pickOne(this.assets);
      if (stack !== null) await this.send("update stack", "PATCH", `/api/stacks/${stack}`, { primary_asset_id });
    },
    async () => {
      const stack = this.options.random.nextInt(4) === 0 ? this.pickOne(this.stacks) : null;
      if (stack !== null) await this.send("delete stack", "DELETE", `/api/stacks/${stack}`);
    },
    async () => await this.appendVersion(),
    async () => await this.revertOrDeleteVersion(),
    async () => await this.updateMetadata(),
    async () => await this.rateAssets(),
    async () => await this.moveAssets(),
    async () => await this.moveAssets(),
  ];

  /** Sends one random request; an injected fault may fail it. */
  async runRandomAction(): Promise<void> {
    await this.actions[this.options.random.nextInt(this.actions.length)]?.();
  }

  private async upload(): Promise<void> {
    const { libraryId, random } = this.options;
    const fileCreatedAt = new Date(Date.UTC(2020, 0, 1) + random.nextInt(1500) * DAY_MS).toISOString();
    const bytes = this.nextFile();
    // A file named as a video gets its image from PUT …/still.
    const name = random.nextInt(4) === 0 ? "film.mp4" : "photo.jpg";
    const response = await upload(bytes, { libraryId, fileCreatedAt, name, env: this.options.createBindings() });
    this.countResponse("upload", response);
    if (!response.ok) return;
    const { id } = withId.parse(await response.json());
    if (!this.assets.includes(id)) this.assets.push(id);
    this.acknowledged.add(id);
  }

  private async sendIds(name: string, method: string, path: string, ids: string[]): Promise<void> {
    if (ids.length > 0) await this.send(name, method, `${path}?library_id=${this.options.libraryId}`, { ids });
  }

  private async deleteAssets(ids: string[]): Promise<void> {
    if (this.options.random.nextInt(2) === 0) return;
    for (const id of ids) this.acknowledged.delete(id);
    await this.sendIds("delete assets", "DELETE", "/api/assets", ids);
  }

  private async emptyTrash(): Promise<void> {
    if (this.options.random.nextInt(4) !== 0) return;
    // Concurrent requests may have trashed any asset by now.
    this.acknowledged.clear();
    await this.send("empty trash", "POST", `/api/assets/empty-trash?library_id=${this.options.libraryId}`);
  }

  private async changeAlbumAssets(method: "POST" | "DELETE"): Promise<void> {
    const album = this.pickOne(this.albums);
    const asset_ids = this.pickSome(this.assets);
    if (album === null || asset_ids.length === 0) return;
    await this.send(`${method} album assets`, method, `/api/albums/${album}/assets`, { asset_ids });
  }

  /** Runs records of a job under the faults of a request. */
  private async runJob(name: string, job: (db: Database) => Promise<unknown>): Promise<void> {
    const { DB = env.DB } = this.options.createBindings();
    try {
      await job(openDatabase(DB, "primary"));
      this.countOutcome(name, 200);
    } catch (error) {
      if (!/D1_ERROR/.test(`${String(error)} ${error instanceof Error ? String(error.cause) : ""}`)) throw error;
      this.countOutcome(name, 503);
    }
  }

  /** Hides an album and deletes one membership; later actions delete the rest. */
  private async deleteAlbumInParts(): Promise<void> {
    const id = this.options.random.nextInt(3) === 0 ? this.pickOne(this.albums) : null;
    if (id === null) return;
    const album = { id, libraryId: this.options.libraryId };
    await this.runJob("delete album in parts", async (db) => await deleteAlbum(db, album, Date.now(), 1));
  }

  private async continueAlbumDeletion(): Promise<void> {
    await this.runJob("continue album deletion", async (db) => {
      for (const album of await listHiddenAlbums(db, 1)) await purgeAlbumPart(db, album, Date.now(), 1);
    });
  }

  private async putPoster(): Promise<void> {
    const asset = this.pickOne(this.assets);
    if (asset === null) return;
    const options = { body: this.poster, headers: { "content-type": "image/png" }, env: this.options.createBindings() };
    this.countResponse("put poster", await call("PUT", `/api/assets/${asset}/still`, options));
  }

  /** Renders and stores the thumbnail of a photo, or of a video with a poster. */
  private async showThumbnail(): Promise<void> {
    const asset = this.pickOne(this.assets);
    if (asset === null) return;
    const response = await call("GET", `/api/assets/${asset}?include=variants`);
    if (!response.ok) return;
    const { asset_urls: urls } = withUrls.parse(await response.json());
    const url = (urls.thumbnail ?? urls.thumbnail_image)?.url;
    if (url === undefined) return;
    const image = await call("GET", url, { token: null, env: this.options.createBindings() });
    await image.arrayBuffer();
    this.countResponse("show thumbnail", image);
  }

  private async createStack(): Promise<void> {
    const asset_ids = this.pickSome(this.assets, 6);
    const primary = this.options.random.nextInt(2) === 0 ? { primary_asset_id: asset_ids[0] } : {};
    const json = { asset_ids, library_id: this.options.libraryId, ...primary };
    await this.rememberId(await this.send("create stack", "POST", "/api/stacks", json), this.stacks);
  }

  private async changeStackAssets(method: "POST" | "DELETE"): Promise<void> {
    const stack = this.pickOne(this.stacks);
    const asset_ids = this.pickSome(this.assets);
    if (stack === null || asset_ids.length === 0) return;
    await this.send(`${method} stack assets`, method, `/api/stacks/${stack}/assets`, { asset_ids });
  }

  private async appendVersion(): Promise<void> {
    const asset = this.pickOne(this.assets);
    if (asset === null) return;
    const form = new FormData();
    form.set("kind", "edit");
    form.set("params", JSON.stringify({ rotation: this.options.random.nextInt(3) }));
    form.set("file", new File([this.image], "edit.jpg", { type: "image/jpeg" }));
    const path = `/api/assets/${asset}/versions`;
    this.countResponse("append version", await call("POST", path, { body: form, env: this.options.createBindings() }));
  }

  private async revertOrDeleteVersion(): Promise<void> {
    const asset = this.pickOne(this.assets);
    if (asset === null) return;
    const list = await call("GET", `/api/assets/${asset}/versions`);
    if (!list.ok) return;
    const versions = z.array(withId).parse(await list.json());
    const [target, name] =
      this.options.random.nextInt(2) === 0 ? [versions[0], "revert"] : [versions.at(-1), "delete version"];
    const path = `/api/assets/${asset}/versions/${target?.id ?? ""}`;
    if (name === "revert") await this.send(name, "POST", `${path}/revert`);
    else await this.send(name, "DELETE", path);
  }

  /** Rates several assets at once, and moves the first one in time. */
  private async rateAssets(): Promise<void> {
    const { random } = this.options;
    const updates = this.pickSome(this.assets).map((id, i) => {
      const rating = [0, 1, 5, null][random.nextInt(4)];
      const original_datetime = `20${10 + random.nextInt(10)}-01-01T00:00:00`;
      return { id, change: i === 0 ? { rating, original_datetime } : { rating } };
    });
    if (updates.length > 0) await this.send("rate assets", "POST", "/api/assets/bulk-update", { updates });
  }

  /** Moves assets out, or those that are out back in. */
  private async moveAssets(): Promise<void> {
    const asset_ids = this.pickSome(this.assets);
    if (asset_ids.length === 0) return;
    const { libraryId, otherLibraryId, random } = this.options;
    const [from, to] = random.nextInt(2) === 0 ? [libraryId, otherLibraryId] : [otherLibraryId, libraryId];
    const json = { asset_ids, source_library_id: from, destination_library_id: to };
    const response = await this.send("move assets", "POST", "/api/assets/move", json);
    if (!response.ok) return;
    for (const { outcome, failure } of moveResults.parse(await response.json()).data)
      this.countOutcome(`move: ${failure ?? outcome}`, response.status);
  }

  private async updateMetadata(): Promise<void> {
    const { random } = this.options;
    const asset = this.pickOne(this.assets);
    if (asset === null) return;
    const date = new Date(Date.UTC(2019, 0, 1) + random.nextInt(2000) * DAY_MS).toISOString().slice(0, 19);
    const changes = [
      { description: `text ${random.nextInt(5)}` },
      { description: null },
      { original_datetime: date },
      { original_datetime: null },
      { latitude: random.nextInt(180) - 90, longitude: random.nextInt(360) - 180 },
      { latitude: null, longitude: null },
      { rating: random.nextInt(6) },
      { rating: null, description: "unrated by the user" },
    ];
    await this.send("update asset", "PATCH", `/api/assets/${asset}`, changes[random.nextInt(changes.length)]);
  }
}
