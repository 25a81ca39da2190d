import type { Principal } from "../accounts/principal.ts";
import type { Context } from "../context.ts";
import { searchByFilters } from "./filterSearch.ts";
import type { SearchPage, SearchQuery } from "./searchQuery.ts";

/** Searches the live assets of one library: by content, by filters, or both. */
export async function search(context: Context, principal: Principal, query: SearchQuery): Promise<SearchPage> {
  return await searchByFilters(context, principal, query);
}
