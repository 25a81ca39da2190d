/**
 * Access rules per published operation: the required action and the status for ids of another tenant. An operation
 * without a rule fails authorization.test.ts.
 */
import { searchForm, uploadForm, type CallOptions } from "../support/clients/api.ts";
import { canaries } from "../support/clients/otherTenant.ts";

export interface AccessRule {
  /**
   * Action that the credential needs. `session`: any but an API key; `owner`: the owner of the deployment; `none`: no
   * credential.
   */
  requires: "read" | "write" | "delete" | "delete_permanently" | "session" | "owner" | "none";
  /**
   * Status when path or body name entities of another tenant, 404 by default. A bulk operation that ignores unknown ids
   * returns 200, and a list returns 200 with the caller's own entities.
   */
  otherTenantStatus?: number;
  /** Status for the owner while the library is trashed, if different: the library itself stays visible. */
  trashedLibraryStatus?: number;
  /** Status for a key restricted to another library, if different. */
  restrictedKeyStatus?: number;
  /** Required query parameters. */
  query?: Record<string, string>;
  /** Builds the request from ids by prefix, where the sample of the published schema is not enough. */
  createRequest?: (entityIds: Record<string, string>) => CallOptions;
  /**
   * Status for a member of the library, if it isn't that of the role: 200 for reads; 403 for changes by a viewer, and for
   * permanent deletion.
   */
  memberStatus?: number;
  /** Status for somebody whose membership has ended, if it isn't that of everybody else. */
  formerMemberStatus?: number;
  /** True for the users of the deployment: its owner gets every user's profile, and `otherTenantStatus`. */
  coversAllUsers?: boolean;
  /** False if the owner's own response contains no ids or canaries of the owner. */
  returnsOwnData?: boolean;
}

/** Deleted after each request: with two libraries every request would need a library_id. */
export const CREATED_LIBRARY_NAME = "created by the access test";

/** Whether an operation refuses every API key, whatever its actions. */
export function isForbiddenToKeys({ requires }: AccessRule): boolean {
  return requires === "session" || requires === "owner";
}

const readRule: AccessRule = { requires: "read" };
const listRule: AccessRule = { requires: "read", otherTenantStatus: 200 };
const writeRule: AccessRule = { requires: "write" };
const deleteRule: AccessRule = { requires: "delete" };
const permanentDelete: AccessRule = { requires: "delete_permanently" };
const sessionRule: AccessRule = { requires: "session" };
const ownerRule: AccessRule = { requires: "owner" };
const usersRule: AccessRule = { ...ownerRule, otherTenantStatus: 200, coversAllUsers: true };
const viewerBody = (): CallOptions => ({ json: { role: "viewer" } });
const wrongSecret = (): CallOptions => ({ json: { secret: "x".repeat(43) } });
const assetIdsBody = (entityIds: Record<string, string>): CallOptions => ({ json: { ids: [entityIds["asset_"]] } });

export const accessRules: Record<string, AccessRule> = {
  "GET /api/server/ping": { requires: "none" },
  "GET /api/server/version": { requires: "none" },
  "GET /api/server/health": { requires: "none" },
  "GET /media/{asset_id}/{version_id}/{variant}": { requires: "none" },

  "GET /api/oauth/auth-url": { requires: "none" },
  "POST /api/oauth/exchange": { requires: "none" },
  "GET /api/oauth/logout-endpoint": { requires: "none" },
  "GET /api/sessions": { ...sessionRule, otherTenantStatus: 200 },
  "DELETE /api/sessions/{session_id}": sessionRule,
  "DELETE /api/sessions": { ...sessionRule, otherTenantStatus: 200 },

  "GET /api/sign-in": { requires: "none" },
  "POST /api/sign-in/passkey/options": { requires: "none" },
  "POST /api/sign-in/passkey": { requires: "none" },
  "POST /api/sign-in/link": { requires: "none" },
  "POST /api/sign-in/invitation": { requires: "none" },
  "POST /api/sign-in/sign-up/options": { requires: "none" },
  "POST /api/sign-in/sign-up": { requires: "none" },
  "POST /api/sign-in/root-key": { ...ownerRule, otherTenantStatus: 200 },
  "POST /api/sign-in/continue": { ...sessionRule, otherTenantStatus: 400 },
  "POST /api/sign-in/links": { ...ownerRule, otherTenantStatus: 201 },
  "GET /api/sign-in/passkeys": { ...sessionRule, otherTenantStatus: 200 },
  "POST /api/sign-in/passkeys/options": { ...sessionRule, otherTenantStatus: 200 },
  "POST /api/sign-in/passkeys": { ...sessionRule, otherTenantStatus: 400 },
  "PATCH /api/sign-in/passkeys/{passkey_id}": sessionRule,
  "DELETE /api/sign-in/passkeys/{passkey_id}": sessionRule,

  "GET /api/users/me": listRule,
  "PATCH /api/users/me": { ...listRule, createRequest: () => ({ json: {} }) },
  "GET /api/users": usersRule,
  "POST /api/users": { ...ownerRule, otherTenantStatus: 201 },
  "GET /api/users/{user_id}": usersRule,
  "PATCH /api/users/{user_id}": { ...usersRule, createRequest: () => ({ json: {} }) },
  "DELETE /api/users/{user_id}": { ...usersRule, otherTenantStatus: 409 },
  "GET /api/integrity": { ...ownerRule, otherTenantStatus: 200 },
  "GET /api/search-index": { ...ownerRule, otherTenantStatus: 200 },
  "POST /api/search-index/rebuild": { ...ownerRule, otherTenantStatus: 202 },

  "GET /api/libraries": listRule,
  "POST /api/libraries": {
    ...writeRule,
    otherTenantStatus: 201,
    restrictedKeyStatus: 403,
    memberStatus: 201,
    createRequest: () => ({ json: { name: CREATED_LIBRARY_NAME } }),
  },
  "GET /api/libraries/{library_id}": { ...readRule, trashedLibraryStatus: 200 },
  "PATCH /api/libraries/{library_id}": { ...writeRule, trashedLibraryStatus: 200, memberStatus: 403 },
  "POST /api/libraries/{library_id}/trash": { ...deleteRule, trashedLibraryStatus: 200, memberStatus: 403 },
  "POST /api/libraries/{library_id}/restore": { ...deleteRule, trashedLibraryStatus: 200, memberStatus: 403 },
  "DELETE /api/libraries/{library_id}": { ...permanentDelete, trashedLibraryStatus: 200 },

  "POST /api/libraries/{library_id}/video-posters": { ...writeRule, memberStatus: 403 },
  "GET /api/libraries/{library_id}/face-detection": { ...readRule, memberStatus: 403, returnsOwnData: false },
  "POST /api/libraries/{library_id}/face-detection": { ...writeRule, memberStatus: 403 },
  "DELETE /api/libraries/{library_id}/face-detection": { ...deleteRule, memberStatus: 403 },

  "GET /api/libraries/{library_id}/members": { ...sessionRule, memberStatus: 403 },
  "PATCH /api/libraries/{library_id}/members/{user_id}": {
    ...sessionRule,
    memberStatus: 403,
    createRequest: viewerBody,
  },
  "DELETE /api/libraries/{library_id}/members/{user_id}": { ...sessionRule, memberStatus: 403 },
  "POST /api/libraries/{library_id}/leave": { ...sessionRule, memberStatus: 200, formerMemberStatus: 200 },
  "GET /api/libraries/invitations": { ...sessionRule, otherTenantStatus: 200, memberStatus: 403 },
  "POST /api/libraries/invitations": {
    ...sessionRule,
    memberStatus: 403,
    createRequest: (entityIds) => ({
      json: { library_id: entityIds["lib_"], role: "viewer", max_joiners: 1, expires_at: "2100-01-01T00:00:00Z" },
    }),
  },
  "GET /api/libraries/invitations/{invitation_id}/link": sessionRule,
  "POST /api/libraries/invitations/{invitation_id}/disable": sessionRule,
  "POST /api/libraries/invitations/{invitation_id}/preview": { ...sessionRule, createRequest: wrongSecret },
  "POST /api/libraries/invitations/{invitation_id}/join": { ...sessionRule, createRequest: wrongSecret },

  "GET /api/api-keys": { ...sessionRule, otherTenantStatus: 200 },
  "POST /api/api-keys": {
    ...sessionRule,
    memberStatus: 201,
    createRequest: (entityIds) => ({
      json: {
        name: "k",
        actions: ["read"],
        library_scope_mode: "selected_libraries",
        library_ids: [entityIds["lib_"]],
      },
    }),
  },
  "PATCH /api/api-keys/{key_id}": sessionRule,
  "DELETE /api/api-keys/{key_id}": sessionRule,

  "GET /api/assets": listRule,
  "POST /api/assets": {
    ...writeRule,
    createRequest: (entityIds) => ({ body: uploadForm("bytes", { libraryId: entityIds["lib_"] ?? "" }) }),
  },
  "DELETE /api/assets": { ...permanentDelete, otherTenantStatus: 200, createRequest: assetIdsBody },
  "GET /api/assets/{asset_id}": readRule,
  "DELETE /api/assets/{asset_id}": permanentDelete,
  "PATCH /api/assets/{asset_id}": { ...writeRule, createRequest: () => ({ json: { description: "text" } }) },
  "POST /api/assets/bulk-update": {
    ...writeRule,
    createRequest: (entityIds) => ({
      json: { updates: [{ id: entityIds["asset_"], change: { description: "text" } }] },
    }),
  },
  "POST /api/assets/move": {
    ...permanentDelete,
    createRequest: (entityIds) => ({
      json: {
        asset_ids: [entityIds["asset_"]],
        source_library_id: entityIds["lib_"],
        destination_library_id: "lib_2222222222222222222222",
      },
    }),
  },
  "POST /api/assets/trash": { ...deleteRule, otherTenantStatus: 200, createRequest: assetIdsBody },
  "POST /api/assets/restore": { ...deleteRule, otherTenantStatus: 200, createRequest: assetIdsBody },
  "POST /api/assets/empty-trash": { ...permanentDelete, otherTenantStatus: 200 },
  "POST /api/assets/exist": {
    ...listRule,
    createRequest: () => ({
      json: { deviceId: `${canaries.content} device`, deviceAssetIds: [`${canaries.content} device asset`] },
    }),
  },
  "GET /api/assets/counts": { ...listRule, returnsOwnData: false },
  "GET /api/assets/geo-clusters": { ...listRule, query: { bbox: "-180,-90,180,90", cell_size: "10" } },
  "GET /api/search": { ...listRule, query: { media_type: "image" } },
  "POST /api/search": {
    ...readRule,
    createRequest: (entityIds) => ({
      body: searchForm({ media_type: "image", library_id: entityIds["lib_"] ?? "" }),
    }),
  },
  "GET /api/assets/{asset_id}/similar": { ...readRule, returnsOwnData: false },
  "GET /api/assets/{asset_id}/download": readRule,
  "GET /api/assets/{asset_id}/thumbnail": { ...readRule, returnsOwnData: false },
  "PUT /api/assets/{asset_id}/still": writeRule,
  "DELETE /api/assets/{asset_id}/still": writeRule,
  "GET /api/assets/{asset_id}/versions": readRule,
  "POST /api/assets/{asset_id}/versions": writeRule,
  "POST /api/assets/{asset_id}/versions/{version_id}/replace": writeRule,
  "POST /api/assets/{asset_id}/versions/{version_id}/revert": permanentDelete,
  "DELETE /api/assets/{asset_id}/versions/{version_id}": permanentDelete,

  "GET /api/albums": listRule,
  "POST /api/albums": {
    ...writeRule,
    createRequest: (entityIds) => ({ json: { name: "a", library_id: entityIds["lib_"] } }),
  },
  "GET /api/albums/{album_id}": readRule,
  "PATCH /api/albums/{album_id}": writeRule,
  "DELETE /api/albums/{album_id}": deleteRule,
  "GET /api/albums/{album_id}/assets": readRule,
  "POST /api/albums/{album_id}/assets": writeRule,
  "DELETE /api/albums/{album_id}/assets": deleteRule,
  "GET /api/album-assets": listRule,
  "GET /api/album-assets/{album_asset_id}": readRule,

  "GET /api/stacks": listRule,
  "POST /api/stacks": {
    ...writeRule,
    createRequest: (entityIds) => ({
      json: { asset_ids: [entityIds["asset_"], "asset_2222222222222222222222"], library_id: entityIds["lib_"] },
    }),
  },
  "GET /api/stacks/{stack_id}": readRule,
  "PATCH /api/stacks/{stack_id}": writeRule,
  "DELETE /api/stacks/{stack_id}": deleteRule,
  "POST /api/stacks/{stack_id}/assets": writeRule,
  "DELETE /api/stacks/{stack_id}/assets": deleteRule,

  "GET /api/people": listRule,
  "POST /api/people": {
    ...writeRule,
    createRequest: (entityIds) => ({ json: { name: "p", library_id: entityIds["lib_"] } }),
  },
  "POST /api/people/bulk-update": {
    ...writeRule,
    createRequest: (entityIds) => ({
      json: { updates: [{ id: entityIds["person_"], change: { is_favorite: true } }] },
    }),
  },
  "GET /api/people/{person_id}": readRule,
  "PATCH /api/people/{person_id}": { ...writeRule, createRequest: () => ({ json: { is_favorite: true } }) },
  "DELETE /api/people/{person_id}": deleteRule,
  "POST /api/people/{person_id}/merge": {
    ...writeRule,
    createRequest: () => ({ json: { source_person_ids: ["person_2222222222222222222222"] } }),
  },
  "GET /api/faces": listRule,
  "POST /api/faces": {
    ...writeRule,
    createRequest: (entityIds) => ({
      json: { asset_id: entityIds["asset_"], bounding_box: { x: 0, y: 0, w: 1, h: 1 } },
    }),
  },
  "GET /api/faces/{face_id}": readRule,
  "GET /api/faces/{face_id}/thumbnail": { ...readRule, returnsOwnData: false },
  "PATCH /api/faces/{face_id}": { ...writeRule, createRequest: () => ({ json: { person_id: null } }) },
  "DELETE /api/faces/{face_id}": deleteRule,

  "GET /api/tasks": listRule,
  "GET /api/tasks/{task_id}": readRule,
  "GET /api/tasks/asset/{asset_id}": readRule,
  "GET /api/events": listRule,
  "POST /api/feedback": { ...writeRule, otherTenantStatus: 200, memberStatus: 200 },
  "GET /api/feedback": { ...ownerRule, otherTenantStatus: 200, coversAllUsers: true },
};

/** Status when a query parameter names an entity of another tenant; other parameters match nothing and return 200. */
export const otherTenantQueryStatus: Record<string, number> = {
  library_id: 404,
  album_id: 404,
  starting_after_id: 400,
};
