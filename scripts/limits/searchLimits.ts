/** Limits of the search, as part of table.ts. */
import * as fieldSchemas from "../../src/routes/fieldSchemas.ts";
import * as routes from "../../src/routes/search/routes.ts";
import * as schemas from "../../src/routes/search/schemas.ts";
import * as parseQuery from "../../src/operations/search/text/parseQuery.ts";
import { limit, type Section } from "./entry.ts";

export const searchSection: Section = {
  title: "Search",
  limits: [
    limit(parseQuery, "MAX_QUERY_CHARACTERS", "characters", "`query`", "422"),
    limit(schemas, "MAX_SEARCH_PEOPLE", "items", "`person_ids`", "422"),
    limit(fieldSchemas, "MAX_PAGE_NUMBER", "items", "`page`", "422"),
    limit(routes, "MAX_SEARCH_IMAGE_BYTES", "bytes", "searched image", "413"),
    limit(routes, "MAX_SEARCH_FIELD_BYTES", "bytes", "text fields of a search form, together", "422"),
    limit(routes, "MAX_SEARCH_PARTS", "items", "parts of a search form", "400"),
  ],
};
