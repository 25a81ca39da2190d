// Chooses the values of each operation. Values that would delete what its owner may miss are left out: permanent
// deletion takes from the trash, an album to delete is empty, a person to delete is on no asset, a face to delete was
// drawn and has no person, an API key to revoke has never been used.

const isPhoto = ({ mime_type: type }) => type.startsWith("image/");
const isVideo = ({ mime_type: type }) => type.startsWith("video/");
const idsOf = (items) => items.filter((item) => item !== undefined).map(({ id }) => id);

function chooseIds(operationId, samples) {
  const { assets, trashedAssets, albums, apiKeys, libraries, edited, stack, members, membership } = samples;
  const { people, faces } = samples;
  const loose = assets.filter((asset) => asset.stack_id === null);
  switch (operationId) {
    case "libraries_trash":
      return {
        lib_: idsOf(libraries.filter(({ id, asset_count: count }) => id !== samples.library.id && count === 0)),
      };
    case "libraries_restore":
    case "libraries_delete":
      return { lib_: idsOf(samples.trashedLibraries) };
    case "api_keys_delete":
      return { apikey_: idsOf(apiKeys.filter(({ last_used_at: lastUse }) => lastUse === null)) };
    case "albums_delete":
      return { album_: idsOf(albums.filter(({ asset_count: count }) => count === 0)) };
    case "albums_assets_remove":
      return membership && { album_: [membership.album_id], asset_: [membership.asset_id] };
    case "people_delete":
      return { person_: idsOf(people.filter(({ asset_count: count }) => count === 0)) };
    case "faces_delete":
      return { face_: idsOf(faces.filter(({ source, person_id: person }) => source === "manual" && person === null)) };
    case "stacks_create":
    case "stacks_add_assets":
      return { asset_: idsOf(loose.filter(isPhoto)) };
    case "stacks_set_cover":
    case "stacks_remove_assets":
      return { asset_: idsOf(members) };
    case "assets_set_still":
    case "assets_delete_still":
      return { asset_: idsOf(assets.filter(isVideo)) };
    case "assets_trash":
      return { asset_: idsOf(loose.filter(({ kind }) => kind === "original")) };
    case "assets_restore":
    case "assets_delete":
    case "assets_delete_list":
      return { asset_: idsOf(trashedAssets) };
    case "versions_append":
      return { asset_: idsOf(assets.filter((asset) => isPhoto(asset) && asset.kind === "original")) };
    case "versions_revert":
      return edited && { asset_: [edited.id], asset_version_: idsOf([samples.original]) };
    case "versions_delete":
    case "versions_replace":
      return { asset_: idsOf([edited]), asset_version_: edited === undefined ? [] : [edited.current_version_id] };
    case "stacks_delete":
      return { asset_stack_: idsOf([stack]) };
    default:
      return {};
  }
}

/** The current values, so that an update changes nothing. */
function chooseBody(operationId, { library, albums, apiKeys, photos, people, faces }) {
  const description = photos[0]?.metadata?.description ?? null;
  switch (operationId) {
    case "libraries_update":
      return { name: library.name };
    case "albums_update":
      return albums[0] && { name: albums[0].name };
    case "people_update":
      return people[0] && { is_favorite: people[0].is_favorite };
    case "people_bulk_update":
      return people[0] && { updates: [{ id: people[0].id, change: { is_favorite: people[0].is_favorite } }] };
    case "faces_update":
      return faces[0] && { person_id: faces[0].person_id };
    case "api_keys_update":
      return apiKeys[0] && { name: apiKeys[0].name };
    case "assets_update":
      return photos[0] && { description };
    case "assets_bulk_update":
      return photos[0] && { updates: [{ id: photos[0].id, change: { description } }] };
    default:
      return undefined;
  }
}

/** The parts of a signed URL by the names of the parameters. */
function mediaParameters(asset) {
  const address = asset?.asset_urls?.thumbnail?.url;
  if (address === undefined) return {};
  const url = new URL(address);
  const [, , assetId, versionId, variant] = url.pathname.split("/");
  return { asset_id: assetId, version_id: versionId, variant, ...Object.fromEntries(url.searchParams) };
}

/**
 * Returns what fills in the requests of an operation: `ids` by their prefix, `parameters` by name, and the properties of
 * a JSON `body`.
 */
export function choose(operationId, samples) {
  if (samples === null) return { ids: {}, parameters: {} };
  const { library, libraries, assets, albums, apiKeys, stack, membership, task, people, faces } = samples;
  const images = assets.filter(isPhoto);
  const photos = images.length === 0 ? assets : images;
  const ids = {
    lib_: [library.id],
    asset_: idsOf(photos),
    asset_version_: photos.slice(0, 1).map((asset) => asset.current_version_id),
    album_: idsOf(albums),
    album_asset_: idsOf([membership]),
    asset_stack_: idsOf([stack]),
    person_: idsOf(people),
    face_: idsOf(faces),
    apikey_: idsOf(apiKeys),
    ...chooseIds(operationId, samples),
  };
  const parameters = {
    ...(task && { task_id: task.id }),
    ...(operationId === "media_get" && mediaParameters(photos[0])),
    ...(operationId.startsWith("search_search") && { query: "photo" }),
    // With several libraries, requests name theirs.
    ...(libraries.length > 1 && { library_id: ids.lib_[0] }),
  };
  return { ids, parameters, body: chooseBody(operationId, { ...samples, photos }) };
}
