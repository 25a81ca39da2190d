import { describe, expect, it } from "vitest";
import { withExamples, type Samples } from "../../public/reference/examples.js";

const photo = (id: string, more: object = {}) => ({
  id,
  mime_type: "image/jpeg",
  kind: "original",
  stack_id: null,
  current_version_id: `${id}_version`,
  metadata: { description: "By the river" },
  ...more,
});

const LIVE: Samples = {
  libraries: [{ id: "lib_1", name: "Photos", asset_count: 2 }],
  library: { id: "lib_1", name: "Photos", asset_count: 2 },
  trashedLibraries: [],
  apiKeys: [{ id: "apikey_1", name: "Phone", last_used_at: "2026-01-01T00:00:00Z" }],
  assets: [photo("asset_1"), photo("asset_2")],
  trashedAssets: [],
  albums: [{ id: "album_1", name: "Summer", asset_count: 2 }],
  members: [],
  people: [{ id: "person_1", name: "Ada", asset_count: 1, is_favorite: true }],
  faces: [
    { id: "face_1", source: "manual", person_id: "person_1" },
    { id: "face_2", source: "automatic", person_id: null },
  ],
};

const idParameter = (name: string, prefix: string) => ({ name, in: "path", schema: { pattern: `^${prefix}[2-9]$` } });
const responses = {};
const json = (name: string) => ({
  content: { "application/json": { schema: { $ref: `#/components/schemas/${name}` } } },
});
const ids = { type: "array", minItems: 1, items: { type: "string", pattern: "^asset_[2-9]$" } };

/** An operation of each kind, by its id. */
const operations: Record<string, { parameters?: object[]; requestBody?: object; responses: object }> = {
  assets_retrieve: { parameters: [idParameter("asset_id", "asset_")], responses },
  assets_update: { parameters: [idParameter("asset_id", "asset_")], requestBody: json("Update"), responses },
  assets_delete: { parameters: [idParameter("asset_id", "asset_")], responses },
  assets_delete_list: { requestBody: json("Selection"), responses },
  albums_delete: { parameters: [idParameter("album_id", "album_")], responses },
  api_keys_delete: { parameters: [idParameter("key_id", "apikey_")], responses },
  people_delete: { parameters: [idParameter("person_id", "person_")], responses },
  faces_delete: { parameters: [idParameter("face_id", "face_")], responses },
  libraries_trash: { parameters: [idParameter("library_id", "lib_")], responses },
  assets_list: { parameters: [{ name: "library_id", in: "query", schema: {} }], responses },
  assets_create: {
    requestBody: { content: { "multipart/form-data": { schema: { properties: { library_id: {}, checksum: {} } } } } },
    responses,
  },
  search_search_assets: {
    requestBody: {
      content: { "multipart/form-data": { schema: { properties: { query: {}, ratings: { type: "array" } } } } },
    },
    responses,
  },
};
const paths = Object.entries(operations).map(([id, operation]) => [
  `/${id}`,
  { post: { operationId: id, ...operation } },
]);
const document = {
  paths: Object.fromEntries(paths),
  components: {
    schemas: {
      Selection: { type: "object", required: ["ids"], properties: { ids } },
      Update: { type: "object", properties: { description: {} }, example: { description: "At the lake" } },
    },
  },
};

/** The example of an operation's first parameter, of its JSON body, or of its form's fields. */
function exampleOf(id: string, samples: Samples | null): unknown {
  const operation = withExamples(document, samples).paths[`/${id}`]?.["post"];
  const [parameter] = operation?.parameters ?? [];
  const body = operation?.requestBody?.content;
  const fields = Object.entries(body?.["multipart/form-data"]?.schema.properties ?? {});
  if (fields.length > 0) return Object.fromEntries(fields.map(([name, { example }]) => [name, example]));
  return body?.["application/json"]?.example ?? parameter?.example;
}

describe("the examples of the reference page", () => {
  it("are empty lists for lists of a form, which swagger-ui parses as JSON", () => {
    expect(exampleOf("search_search_assets", LIVE)).toEqual({ query: "photo", ratings: [] });
    expect(exampleOf("search_search_assets", null)).toEqual({ query: "", ratings: [] });
  });

  it("name the reader's own assets", () => {
    expect(exampleOf("assets_retrieve", LIVE)).toBe("asset_1");
    expect(exampleOf("assets_retrieve", null)).toBeUndefined();
  });

  it("update an asset with its present values", () => {
    expect(exampleOf("assets_update", LIVE)).toEqual({ description: "By the river" });
    expect(exampleOf("assets_update", null)).toEqual({ description: "At the lake" });
  });

  it("delete only what is in the trash, empty or unused", () => {
    const deletions = [
      "assets_delete",
      "albums_delete",
      "api_keys_delete",
      "libraries_trash",
      "people_delete",
      "faces_delete",
    ];
    expect(deletions.map((id) => exampleOf(id, LIVE))).toEqual(deletions.map(() => undefined));
    expect(exampleOf("assets_delete_list", LIVE)).toEqual({ ids: ["asset_…"] });
    const spare: Samples = {
      ...LIVE,
      libraries: [...LIVE.libraries, { id: "lib_2", name: "New", asset_count: 0 }],
      trashedAssets: [photo("asset_3")],
      albums: [...LIVE.albums, { id: "album_2", name: "Empty", asset_count: 0 }],
      apiKeys: [...LIVE.apiKeys, { id: "apikey_2", name: "New", last_used_at: null }],
      people: [...LIVE.people, { id: "person_2", name: "Eve", asset_count: 0, is_favorite: false }],
      faces: [...LIVE.faces, { id: "face_3", source: "manual", person_id: null }],
    };
    expect(deletions.map((id) => exampleOf(id, spare))).toEqual([
      "asset_3",
      "album_2",
      "apikey_2",
      "lib_2",
      "person_2",
      "face_3",
    ]);
    expect(exampleOf("assets_delete_list", spare)).toEqual({ ids: ["asset_3"] });
  });

  it("leave optional fields empty, and name the library only when there are several", () => {
    expect(exampleOf("assets_create", LIVE)).toEqual({ library_id: "", checksum: "" });
    expect(exampleOf("assets_list", LIVE)).toBeUndefined();
    const several = { ...LIVE, libraries: [...LIVE.libraries, { id: "lib_2", name: "New", asset_count: 0 }] };
    expect(exampleOf("assets_create", several)).toEqual({ library_id: "lib_1", checksum: "" });
    expect(exampleOf("assets_list", several)).toBe("lib_1");
  });
});
