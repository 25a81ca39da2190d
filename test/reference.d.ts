/** The types of the reference page's scripts, which a browser loads as they are. */
declare module "*/reference/examples.js" {
  interface Named {
    id: string;
    name: string;
    asset_count: number;
  }
  interface Asset {
    id: string;
    mime_type: string;
    kind: string;
    stack_id: string | null;
    current_version_id: string;
  }
  export interface Samples {
    libraries: Named[];
    library: Named;
    trashedLibraries: Named[];
    apiKeys: { id: string; name: string; last_used_at: string | null }[];
    assets: Asset[];
    trashedAssets: Asset[];
    albums: Named[];
    members: Asset[];
    people: (Named & { is_favorite: boolean })[];
    faces: { id: string; source: string; person_id: string | null }[];
  }
  interface Example {
    example?: unknown;
  }
  interface Filled {
    parameters?: Example[];
    requestBody?: { content?: Record<string, Example & { schema: { properties?: Record<string, Example> } }> };
  }
  export function withExamples(
    document: object,
    samples: Samples | null,
  ): { paths: Record<string, Record<string, Filled>> };
}
