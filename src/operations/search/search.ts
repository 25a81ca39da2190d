import type { Principal } from "../accounts/principal.ts";
import type { Context } from "../context.ts";
import { searchByContent } from "./contentSearch.ts";
import { searchByFilters } from "./filterSearch.ts";
import type { SearchPage, SearchQuery } from "./searchQuery.ts";

/**
 * Searches the live assets of one library: by content, ranked by relevance, or by filters alone, newest first. Hits are
 * read from the main database with the scope of the caller.
 */
export async function search(context: Context, principal: Principal, query: SearchQuery): Promise<SearchPage> {
  const isContent = query.text !== null || query.imageBytes !== null;
  return isContent
    ? await searchByContent(context, principal, query)
    : await searchByFilters(context, principal, query);
}
