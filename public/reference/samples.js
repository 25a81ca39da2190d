// Finds things in the caller's libraries that requests of the reference page can name.

/** Assets that are read to find a photo, a video and an edited asset. */
const MAX_ASSETS = 100;
const MAX_ITEMS = 20;

/**
 * Reads with `headers`, the credential. A resource that the credential cannot list counts as empty.
 * @returns null if the credential is not valid or its user has no library
 */
export async function findSamples(headers) {
  const list = async (path) => {
    const response = await fetch(path, { headers });
    if (!response.ok) return [];
    const body = await response.json();
    return Array.isArray(body) ? body : body.data;
  };
  const [libraries, trashedLibraries, apiKeys] = await Promise.all([
    list("/api/libraries"),
    list("/api/libraries?state=trashed"),
    list("/api/api-keys"),
  ]);
  const library = libraries.toSorted((a, b) => b.asset_count - a.asset_count)[0];
  if (library === undefined) return null;
  const inLibrary = `library_id=${library.id}`;
  const [assets, trashedAssets, albums, stacks, tasks, people, faces] = await Promise.all([
    list(`/api/assets?${inLibrary}&include=metadata,variants&limit=${MAX_ASSETS}`),
    list(`/api/assets?${inLibrary}&include=&state=trashed&limit=${MAX_ITEMS}`),
    list(`/api/albums?${inLibrary}&limit=${MAX_ITEMS}`),
    list(`/api/stacks?${inLibrary}&limit=1`),
    list(`/api/tasks?${inLibrary}&limit=1`),
    list(`/api/people?${inLibrary}&name_filter=all&limit=${MAX_ITEMS}`),
    list(`/api/faces?${inLibrary}&limit=${MAX_ITEMS}`),
  ]);
  const edited = assets.find(({ kind }) => kind !== "original");
  const [memberships, members, versions] = await Promise.all([
    list(`/api/album-assets?${inLibrary}&limit=1`),
    stacks[0] === undefined ? [] : list(`/api/assets?stack_id=${stacks[0].id}&${inLibrary}&include=&limit=2`),
    edited === undefined ? [] : list(`/api/assets/${edited.id}/versions`),
  ]);
  return {
    ...{ libraries, library, trashedLibraries, apiKeys, assets, trashedAssets, albums, edited, people, faces },
    ...{ stack: stacks[0], members, task: tasks[0], membership: memberships[0] },
    original: versions.find(({ position }) => position === 0),
  };
}
