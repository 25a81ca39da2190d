/**
 * Every limit of docs/limits.md. To add one, export its constant beside the code that it guards and add one line here.
 * `npm run docs:limits` writes the page; an exported MAX_… constant that is neither here nor in `internalConstants.ts` fails
 * it.
 */
import * as bodyReader from "../../src/http/bodyReader.ts";
import { MULTIPART_LIMITS } from "../../src/http/multipart.ts";
import * as config from "../../src/kernel/config.ts";
import * as email from "../../src/kernel/email.ts";
import * as json from "../../src/kernel/json.ts";
import * as rating from "../../src/kernel/rating.ts";
import * as textLimits from "../../src/kernel/textLimits.ts";
import * as jsonBody from "../../src/middleware/jsonBody.ts";
import * as existence from "../../src/operations/assets/existence.ts";
import * as urlSigner from "../../src/operations/delivery/urlSigner.ts";
import * as createOnce from "../../src/operations/idempotency/createOnce.ts";
import * as geoClusters from "../../src/operations/map/geoClusters.ts";
import * as assetList from "../../src/records/assets/lists/assetList.ts";
import * as scannedCounts from "../../src/records/assets/counts/scannedCounts.ts";
import * as mediaFiles from "../../src/records/delivery/mediaFiles.ts";
import * as mediaResponse from "../../src/routes/delivery/mediaResponse.ts";
import * as stackRecords from "../../src/records/stacks/stacks.ts";
import * as mapRecords from "../../src/records/map/geoClusters.ts";
import * as rateLimits from "../../src/middleware/rateLimits.ts";
import * as idempotencyKeys from "../../src/records/idempotency/idempotencyKeys.ts";
import * as feedback from "../../src/operations/feedback/feedback.ts";
import * as feedbackSchemas from "../../src/routes/feedback/schemas.ts";
import * as accountSchemas from "../../src/routes/accounts/schemas.ts";
import * as userSchemas from "../../src/routes/accounts/userSchemas.ts";
import * as albumSchemas from "../../src/routes/albums/schemas.ts";
import * as existenceSchemas from "../../src/routes/assets/existenceSchemas.ts";
import * as moveRoutes from "../../src/routes/assets/moveRoutes.ts";
import * as querySchemas from "../../src/routes/assets/querySchemas.ts";
import * as updateSchemas from "../../src/routes/assets/updateSchemas.ts";
import * as deletionRoutes from "../../src/routes/deletion/routes.ts";
import * as mapSchemas from "../../src/routes/map/schemas.ts";
import * as router from "../../src/routes/router.ts";
import * as taskSchemas from "../../src/routes/tasks/schemas.ts";
import * as uploadRoutes from "../../src/routes/uploads/routes.ts";
import * as versionRoutes from "../../src/routes/versions/routes.ts";
import * as versionSchemas from "../../src/routes/versions/schemas.ts";
import * as listColumns from "../../src/records/assets/lists/listColumns.ts";
import { backgroundSection } from "./backgroundLimits.ts";
import { clusteringSection } from "./clusteringLimits.ts";
import { limit, type Section } from "./entry.ts";
import { faceSection } from "./faceLimits.ts";
import { fileSections } from "./fileLimits.ts";
import { passkeySection } from "./passkeyLimits.ts";
import { peopleSection } from "./peopleLimits.ts";
import { searchSection } from "./searchLimits.ts";
import { signInSection } from "./signInLimits.ts";
import { sharingSection } from "./sharingLimits.ts";
import { filmContainerSection } from "./filmContainerLimits.ts";
import { videoSection } from "./videoLimits.ts";

export const sections: Section[] = [
  {
    title: "Requests",
    limits: [
      limit(jsonBody, "MAX_JSON_BYTES", "bytes", "body of a JSON request", "413"),
      limit(json, "MAX_JSON_DEPTH", "levels", "nesting of JSON in `params` of a version", "422"),
      limit(router, "MAX_REPORTED_ISSUES", "items", "problems listed in one 422 response", "the rest is not listed"),
      limit(email, "MAX_EMAIL_BYTES", "bytes", "e-mail address of an identity", "the address counts as absent"),
      limit(MULTIPART_LIMITS, "maxParts", "items", "parts of a multipart form", "400"),
      limit(MULTIPART_LIMITS, "maxHeaderBytes", "bytes", "headers of one part", "400"),
      limit(MULTIPART_LIMITS, "maxIgnoredBytes", "bytes", "text before the first and after the last boundary", "400"),
      limit(bodyReader, "MAX_DISCARDED_BYTES", "bytes", "rest of a refused body that is read", "the connection ends"),
      limit(
        rateLimits,
        "REQUESTS_PER_COUNT",
        "requests",
        "requests that one call of `CREDENTIAL_LIMIT` counts",
        "the next ten are counted",
      ),
      limit(
        rateLimits,
        "ROWS_PER_REQUEST_UNIT",
        "rows",
        "database rows that count as one more request",
        "429 once the credential's limit is used up",
      ),
      limit(
        rateLimits,
        "MAX_ROW_UNITS",
        "requests",
        "requests that one request counts for its rows, at most",
        "it counts no more",
      ),
      limit(createOnce, "MAX_IDEMPOTENCY_KEY_CHARACTERS", "characters", "`Idempotency-Key`", "422"),
      limit(idempotencyKeys, "IDEMPOTENCY_KEY_LIFETIME_MS", "ms", "age of an `Idempotency-Key`", "a new request"),
    ],
  },
  {
    title: "Text",
    intro: "Text counts in bytes of JSON: UTF-8, with the escapes of quotes, backslashes and control characters.",
    limits: [
      limit(textLimits, "MAX_NAME_BYTES", "bytes", "names, places, device ids", "422; cut when read from a file"),
      limit(textLimits, "MAX_CAPTION_BYTES", "bytes", "captions and descriptions", "422; cut when read from a file"),
      limit(textLimits, "MAX_GEOCODED_NAME_BYTES", "bytes", "names from a geocoder", "cut"),
      limit(textLimits, "MAX_ROW_JSON_BYTES", "bytes", "JSON columns of one row", "422; cut when read from a file"),
      limit(uploadRoutes, "MAX_FIELD_BYTES", "bytes", "each text field of an upload form", "422"),
      limit(versionRoutes, "MAX_KIND_BYTES", "bytes", "`kind` of a version", "422"),
      limit(versionSchemas, "MAX_PARAMS_BYTES", "bytes", "`params` of a version", "422"),
      limit(taskSchemas, "MAX_TASK_ID_CHARACTERS", "characters", "a task id in a query", "422"),
      limit(existenceSchemas, "MAX_CHECKSUM_CHARACTERS", "characters", "a checksum in a lookup", "422"),
    ],
  },
  {
    title: "Lists in a request",
    limits: [
      limit(albumSchemas, "MAX_ASSET_IDS", "items", "`asset_ids` of an album or stack", "422"),
      limit(updateSchemas, "MAX_UPDATES", "items", "assets in one metadata update", "422"),
      limit(deletionRoutes, "MAX_SELECTED_ASSETS", "items", "`ids` to trash, restore or delete", "422"),
      limit(moveRoutes, "MAX_MOVED_ASSETS", "items", "`asset_ids` of a move to another library", "422"),
      limit(existenceSchemas, "MAX_IDENTIFIERS", "items", "files in one existence check", "422"),
      limit(feedbackSchemas, "MAX_TOOL_NAMES", "items", "`tool_names` of feedback", "422"),
      limit(feedbackSchemas, "MAX_TOOL_NAME_BYTES", "bytes", "a tool name of feedback", "422"),
      limit(feedback, "MAX_FEEDBACK_PER_USER", "items", "feedback kept of a user", "the oldest is deleted"),
      limit(accountSchemas, "MAX_ACTIONS", "items", "`actions` of an API key", "422"),
      limit(accountSchemas, "MAX_KEY_LIBRARIES", "items", "`library_ids` of an API key", "422"),
      limit(userSchemas, "MAX_PAGE_USERS", "items", "users on a page", "422"),
    ],
  },
  {
    title: "Answers",
    limits: [
      { ...limit(querySchemas.PAGE_SIZE, "max", "items", "assets on a page", "422"), constant: "PAGE_SIZE.max" },
      {
        ...limit(querySchemas.V1_PAGE_SIZE, "max", "items", "assets on a page without `include`", "422"),
        constant: "V1_PAGE_SIZE.max",
      },
      limit(listColumns, "MAX_PAGE_TEXT_BYTES", "bytes", "texts of a page of assets", "a shorter page with `has_more`"),
      limit(
        assetList,
        "MAX_SCANNED_ROWS",
        "rows",
        "assets that a page scans without a match for combined filters",
        "422",
      ),
      limit(
        assetList,
        "SCAN_ROWS_PER_STATEMENT",
        "rows",
        "assets that one statement scans for combined filters",
        "a shorter page with `has_more` if some match, else the next statement",
      ),
      limit(
        scannedCounts,
        "MAX_COUNT_SCAN_ROWS",
        "rows",
        "assets that a page of counts reads where no summary serves the filters",
        "a shorter page with `has_more` if a bucket is complete, else 422",
      ),
      limit(mapRecords, "MAX_MAP_ROWS", "rows", "assets that a filtered map reads", "422"),
      limit(existence, "MAX_MATCHES", "items", "assets that an existence check returns", "422"),
      limit(existence, "MAX_MATCH_TEXT_CHARACTERS", "characters", "device ids of these assets", "422"),
      limit(
        stackRecords,
        "MAX_LISTED_STACK_MEMBERS",
        "items",
        "`asset_ids` of a page of stacks",
        "the page ends early",
      ),
      limit(geoClusters, "MAX_CLUSTERS", "items", "clusters of a map viewport", "422"),
      limit(mapSchemas, "MIN_CELL_DEGREES", "degrees", "smallest map cell", "422"),
      limit(rating, "MAX_RATING", "stars", "rating of an asset, and each of `ratings`", "422"),
      limit(rating, "MAX_RATINGS", "items", "`ratings` of a filter", "422"),
      limit(querySchemas, "MAX_RADIUS_M", "m", "radius of a search around a point", "422"),
    ],
  },
  {
    title: "Libraries and albums",
    limits: [
      limit(config, "DEFAULT_MAX_LIBRARIES_PER_USER", "items", "libraries of a user (`MAX_LIBRARIES_PER_USER`)", "409"),
      limit(config, "DEFAULT_MAX_ALBUMS_PER_LIBRARY", "items", "albums of a library (`MAX_ALBUMS_PER_LIBRARY`)", "409"),
    ],
  },
  sharingSection,
  peopleSection,
  faceSection,
  clusteringSection,
  searchSection,
  ...fileSections,
  filmContainerSection,
  videoSection,
  signInSection,
  {
    title: "Links and secrets",
    limits: [
      limit(
        urlSigner,
        "DAY_SECONDS",
        "seconds",
        "remaining life of a media URL, at least; at most twice as long",
        "403",
      ),
      limit(
        mediaFiles,
        "MEDIA_FILE_MEMORY_MS",
        "ms",
        "time for which an isolate trusts that a media file is shown",
        "the database is asked",
      ),
      limit(
        mediaResponse,
        "MAX_RANGE_FROM_WHOLE_BYTES",
        "bytes",
        "file that Workers Cache stores when a range of it is requested",
        "the Worker answers each range",
      ),
      limit(config, "MIN_SECRET_LENGTH", "characters", "secrets of the deployment, at least", "503"),
    ],
  },
  passkeySection,
  backgroundSection,
];
