/**
 * What each route answers to whom. A route without an entry fails the sweep in authorization.test.ts: say here what
 * opens it, and what it does with ids that are not the caller's.
 */
import { uploadForm, type CallOptions } from "../support/clients/api.ts";

export interface Access {
  /** The action that a credential needs; `keys`: the owner's root key; `none`: no credential at all. */
  needs: "read" | "write" | "delete" | "delete_permanently" | "keys" | "none";
  /**
   * Status where path and body name what is another's: 404 unless it is said otherwise. A bulk call that ignores unknown
   * ids answers 200, a list answers 200 with the caller's own.
   */
  theirs?: number;
  /** The same for the owner while the library lies in the trash, where it differs: a library itself is not hidden. */
  inTrash?: number;
  /** For a key that is confined to another library, where it differs. */
  confined?: number;
  /** What must be there for the request to be one. */
  query?: Record<string, string>;
  /** A request by ids of each prefix, where the published schema's own sample would not do. */
  send?: (ids: Record<string, string>) => CallOptions;
  /** Whether an owner's own answer has any of the owner's ids or words in it. */
  shows?: boolean;
}

/** The sweep removes it again: a caller with two libraries would have to name one in every request. */
export const MADE_LIBRARY = "made by the sweep";

const read: Access = { needs: "read" };
const list: Access = { needs: "read", theirs: 200 };
const write: Access = { needs: "write" };
const remove: Access = { needs: "delete" };
const erase: Access = { needs: "delete_permanently" };
const keys: Access = { needs: "keys" };
const ids = (found: Record<string, string>): CallOptions => ({ json: { ids: [found["asset_"]] } });

export const access: Record<string, Access> = {
  "GET /api/server/ping": { needs: "none" },
  "GET /media/{asset_id}/{version_id}/{variant}": { needs: "none" },

  "GET /api/users/me": list,
  "GET /api/integrity": { ...keys, theirs: 200 },

  "GET /api/libraries": list,
  "POST /api/libraries": { ...write, theirs: 201, confined: 403, send: () => ({ json: { name: MADE_LIBRARY } }) },
  "GET /api/libraries/{library_id}": { ...read, inTrash: 200 },
  "PATCH /api/libraries/{library_id}": { ...write, inTrash: 200 },
  "POST /api/libraries/{library_id}/trash": { ...remove, inTrash: 200 },
  "POST /api/libraries/{library_id}/restore": { ...remove, inTrash: 200 },
  "DELETE /api/libraries/{library_id}": { ...erase, inTrash: 200 },

  "GET /api/api-keys/": { ...keys, theirs: 200 },
  "POST /api/api-keys/": {
    ...keys,
    send: (found) => ({
      json: { name: "k", actions: ["read"], library_scope_mode: "selected_libraries", library_ids: [found["lib_"]] },
    }),
  },
  "PATCH /api/api-keys/{key_id}": keys,
  "DELETE /api/api-keys/{key_id}": keys,

  "GET /api/assets": list,
  "POST /api/assets": {
    ...write,
    send: (found) => ({ body: uploadForm("bytes", { libraryId: found["lib_"] ?? "" }) }),
  },
  "DELETE /api/assets": { ...erase, theirs: 200, send: ids },
  "GET /api/assets/{asset_id}": read,
  "DELETE /api/assets/{asset_id}": erase,
  "PATCH /api/assets/{asset_id}": { ...write, send: () => ({ json: { description: "words" } }) },
  "POST /api/assets/bulk-update": {
    ...write,
    send: (found) => ({ json: { updates: [{ id: found["asset_"], change: { description: "words" } }] } }),
  },
  "POST /api/assets/trash": { ...remove, theirs: 200, send: ids },
  "POST /api/assets/restore": { ...remove, theirs: 200, send: ids },
  "POST /api/assets/empty-trash": { ...erase, theirs: 200 },
  "POST /api/assets/exist": {
    ...list,
    send: () => ({ json: { deviceId: "Kanarienvogel device", deviceAssetIds: ["Kanarienvogel device asset"] } }),
  },
  "GET /api/assets/counts": { ...list, shows: false },
  "GET /api/assets/geo-clusters": { ...list, query: { bbox: "-180,-90,180,90", cell_size: "10" } },
  "GET /api/assets/{asset_id}/download": read,
  "GET /api/assets/{asset_id}/thumbnail": { ...read, shows: false },
  "PUT /api/assets/{asset_id}/still": write,
  "GET /api/assets/{asset_id}/versions": read,
  "POST /api/assets/{asset_id}/versions": write,
  "POST /api/assets/{asset_id}/versions/{version_id}/replace": write,
  "POST /api/assets/{asset_id}/versions/{version_id}/revert": erase,
  "DELETE /api/assets/{asset_id}/versions/{version_id}": erase,

  "GET /api/albums": list,
  "POST /api/albums": { ...write, send: (found) => ({ json: { name: "a", library_id: found["lib_"] } }) },
  "GET /api/albums/{album_id}": read,
  "PATCH /api/albums/{album_id}": write,
  "DELETE /api/albums/{album_id}": remove,
  "GET /api/albums/{album_id}/assets": read,
  "POST /api/albums/{album_id}/assets": write,
  "DELETE /api/albums/{album_id}/assets": remove,
  "GET /api/album-assets": list,
  "GET /api/album-assets/{album_asset_id}": read,

  "GET /api/stacks": list,
  "POST /api/stacks": {
    ...write,
    send: (found) => ({ json: { asset_ids: [found["asset_"], "asset_2222222222222222222222"] } }),
  },
  "GET /api/stacks/{stack_id}": read,
  "PATCH /api/stacks/{stack_id}": write,
  "DELETE /api/stacks/{stack_id}": remove,
  "POST /api/stacks/{stack_id}/assets": write,
  "DELETE /api/stacks/{stack_id}/assets": remove,

  "GET /api/tasks/": list,
  "GET /api/tasks/{task_id}": read,
  "GET /api/tasks/asset/{asset_id}": read,
  "GET /api/events": list,
};

/** What a query parameter answers that names what is another's; any other kind of parameter matches nothing: 200. */
export const namedInQuery: Record<string, number> = { library_id: 404, album_id: 404, starting_after_id: 400 };
