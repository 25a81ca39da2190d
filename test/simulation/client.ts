/** A client that does at random whatever the API offers, and remembers what it was promised. */
import { z } from "zod";
import { call, upload, uniqueBytes } from "../support/clients/api.ts";
import { sampleBytes } from "../fixtures/media/samples.ts";

/** `below` gives whole numbers from 0 on. */
export interface Chance {
  below(limit: number): number;
}

/** mulberry32: the same seed, the same life. */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0;
  return {
    below(limit) {
      state = (state + 0x6d2b79f5) >>> 0;
      let t = state;
      t = Math.imul(t ^ (t >>> 15), t | 1);
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
      return ((t ^ (t >>> 14)) >>> 0) % limit;
    },
  };
}

const withId = z.looseObject({ id: z.string() });

export interface World {
  libraryId: string;
  chance: Chance;
  /** Bindings that fail now and then. */
  env: () => Partial<Cloudflare.Env>;
}

const DAY_MS = 24 * 3600_000;

/** What one life knows: ids it was given, whether or not they are still good. */
export class Actor {
  readonly assets: string[] = [];
  readonly albums: string[] = [];
  readonly stacks: string[] = [];
  /** Uploads that were answered with 201 or 200, and that nobody has asked to delete since. */
  readonly promised = new Set<string>();
  readonly answers = new Map<string, number>();
  private readonly sent: Uint8Array[] = [];
  private readonly world: World;
  private readonly picture: Uint8Array;

  private constructor(world: World, picture: Uint8Array) {
    this.world = world;
    this.picture = picture;
  }

  static async born(world: World): Promise<Actor> {
    return new Actor(world, await sampleBytes("0005_Landscape_5.jpg"));
  }

  private some(ids: string[], most = 5): string[] {
    const count = 1 + this.world.chance.below(most);
    const picked = Array.from({ length: count }, () => ids[this.world.chance.below(Math.max(1, ids.length))]);
    return [...new Set(picked.filter((id) => id !== undefined))];
  }

  private one(ids: string[]): string | null {
    return ids[this.world.chance.below(Math.max(1, ids.length))] ?? null;
  }

  private async ask(name: string, method: string, path: string, json?: unknown): Promise<Response> {
    const response = await call(method, path, { env: this.world.env(), ...(json === undefined ? {} : { json }) });
    this.note(name, response);
    return response;
  }

  private note(name: string, response: Response): void {
    const key = `${name} ${response.status}`;
    this.answers.set(key, (this.answers.get(key) ?? 0) + 1);
  }

  private async keepId(response: Response, ids: string[]): Promise<void> {
    if (!response.ok) return;
    const { id } = withId.parse(await response.json());
    if (!ids.includes(id)) ids.push(id);
  }

  private bytes(): Uint8Array {
    const again = this.sent[this.world.chance.below(Math.max(1, this.sent.length))];
    if (again !== undefined && this.world.chance.below(4) === 0) return again;
    const tail = uniqueBytes(40);
    const bytes = new Uint8Array(this.picture.length + tail.length);
    bytes.set(this.picture);
    bytes.set(tail, this.picture.length);
    this.sent.push(bytes);
    return bytes;
  }

  private readonly deeds: (() => Promise<unknown>)[] = [
    async () => await this.upload(),
    async () => await this.upload(),
    async () => await this.upload(),
    async () => await this.ids("trash", "POST", "/api/assets/trash", this.some(this.assets)),
    async () => await this.ids("restore", "POST", "/api/assets/restore", this.some(this.assets)),
    async () => await this.destroy(this.some(this.assets, 2)),
    async () => await this.emptyTrash(),
    async () => {
      const made = await this.ask("album", "POST", "/api/albums", { name: "a", library_id: this.world.libraryId });
      await this.keepId(made, this.albums);
    },
    async () => await this.toAlbum("POST"),
    async () => await this.toAlbum("POST"),
    async () => await this.toAlbum("DELETE"),
    async () => {
      const album_cover_asset_id = this.one(this.assets);
      const album = this.one(this.albums);
      if (album !== null) await this.ask("cover", "PATCH", `/api/albums/${album}`, { album_cover_asset_id });
    },
    async () => {
      const album = this.world.chance.below(4) === 0 ? this.one(this.albums) : null;
      if (album !== null) await this.ask("drop album", "DELETE", `/api/albums/${album}`);
    },
    async () => await this.makeStack(),
    async () => await this.makeStack(),
    async () => await this.toStack("POST"),
    async () => await this.toStack("DELETE"),
    async () => {
      const stack = this.one(this.stacks);
      const primary_asset_id = this.one(this.assets);
      if (stack !== null) await this.ask("pin", "PATCH", `/api/stacks/${stack}`, { primary_asset_id });
    },
    async () => {
      const stack = this.world.chance.below(4) === 0 ? this.one(this.stacks) : null;
      if (stack !== null) await this.ask("drop stack", "DELETE", `/api/stacks/${stack}`);
    },
    async () => await this.appendVersion(),
    async () => await this.dropVersion(),
    async () => await this.edit(),
  ];

  /** Does one thing. Faults may refuse it; nothing may break. */
  async act(): Promise<void> {
    await this.deeds[this.world.chance.below(this.deeds.length)]?.();
  }

  private async upload(): Promise<void> {
    const { libraryId, chance } = this.world;
    const fileCreatedAt = new Date(Date.UTC(2020, 0, 1) + chance.below(1500) * DAY_MS).toISOString();
    const bytes = this.bytes();
    const response = await upload(bytes, { libraryId, fileCreatedAt, env: this.world.env() });
    this.note("upload", response);
    if (!response.ok) return;
    const { id } = withId.parse(await response.json());
    if (!this.assets.includes(id)) this.assets.push(id);
    this.promised.add(id);
  }

  private async ids(name: string, method: string, path: string, ids: string[]): Promise<void> {
    if (ids.length > 0) await this.ask(name, method, `${path}?library_id=${this.world.libraryId}`, { ids });
  }

  private async destroy(ids: string[]): Promise<void> {
    if (this.world.chance.below(2) === 0) return;
    for (const id of ids) this.promised.delete(id);
    await this.ids("delete", "DELETE", "/api/assets", ids);
  }

  private async emptyTrash(): Promise<void> {
    if (this.world.chance.below(4) !== 0) return;
    // Whatever lies in the trash by then may go: nobody promised to keep it.
    this.promised.clear();
    await this.ask("empty trash", "POST", `/api/assets/empty-trash?library_id=${this.world.libraryId}`);
  }

  private async toAlbum(method: "POST" | "DELETE"): Promise<void> {
    const album = this.one(this.albums);
    const asset_ids = this.some(this.assets);
    if (album === null || asset_ids.length === 0) return;
    await this.ask(`${method} to album`, method, `/api/albums/${album}/assets`, { asset_ids });
  }

  private async makeStack(): Promise<void> {
    const asset_ids = this.some(this.assets, 6);
    const primary = this.world.chance.below(2) === 0 ? { primary_asset_id: asset_ids[0] } : {};
    const json = { asset_ids, library_id: this.world.libraryId, ...primary };
    await this.keepId(await this.ask("stack", "POST", "/api/stacks", json), this.stacks);
  }

  private async toStack(method: "POST" | "DELETE"): Promise<void> {
    const stack = this.one(this.stacks);
    const asset_ids = this.some(this.assets);
    if (stack === null || asset_ids.length === 0) return;
    await this.ask(`${method} to stack`, method, `/api/stacks/${stack}/assets`, { asset_ids });
  }

  private async appendVersion(): Promise<void> {
    const asset = this.one(this.assets);
    if (asset === null) return;
    const form = new FormData();
    form.set("kind", "edit");
    form.set("params", JSON.stringify({ turn: this.world.chance.below(3) }));
    form.set("file", new File([this.picture], "edit.jpg", { type: "image/jpeg" }));
    const path = `/api/assets/${asset}/versions`;
    this.note("version", await call("POST", path, { body: form, env: this.world.env() }));
  }

  private async dropVersion(): Promise<void> {
    const asset = this.one(this.assets);
    if (asset === null) return;
    const list = await call("GET", `/api/assets/${asset}/versions`);
    if (!list.ok) return;
    const versions = z.array(withId).parse(await list.json());
    const [target, name] = this.world.chance.below(2) === 0 ? [versions[0], "revert"] : [versions.at(-1), "drop"];
    const path = `/api/assets/${asset}/versions/${target?.id ?? ""}`;
    if (name === "revert") await this.ask(name, "POST", `${path}/revert`);
    else await this.ask(name, "DELETE", path);
  }

  private async edit(): Promise<void> {
    const { chance } = this.world;
    const asset = this.one(this.assets);
    if (asset === null) return;
    const date = new Date(Date.UTC(2019, 0, 1) + chance.below(2000) * DAY_MS).toISOString().slice(0, 19);
    const changes = [
      { description: `words ${chance.below(5)}` },
      { description: null },
      { original_datetime: date },
      { original_datetime: null },
      { latitude: chance.below(180) - 90, longitude: chance.below(360) - 180 },
      { latitude: null, longitude: null },
    ];
    await this.ask("edit", "PATCH", `/api/assets/${asset}`, changes[chance.below(changes.length)]);
  }
}
