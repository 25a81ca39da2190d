// Starts the reference page. After "Authorize", requests are filled in with ids that the key can read, so that they can
// be executed as they are. Without a key the page reads nothing but /openapi.json.
import { operationsOf, withExamples } from "./examples.js";
import { findSamples } from "./samples.js";

const DOCUMENT_URL = "/openapi.json";
const BOOKMARK_HEADER = "x-d1-bookmark";

const container = document.getElementById("reference");
const hint = document.getElementById("hint");
const hints = {
  none: "Authorize with your key: requests are then filled in with ids of your library.",
  loading: "Reading ids of your library …",
  ready: "Requests are filled in with ids of your library. Permanent deletion takes them from the trash only.",
  empty: "This key opens no library yet, or is not valid. Upload a photo first: POST /api/assets.",
  failed: "The ids of your library could not be read.",
};

function showState(state) {
  hint.textContent = hints[state];
  hint.dataset.state = state;
}

/** The document as it was published, and as it is shown. */
let published = null;
let shown = null;
/** The last change's position in the database: ids are read from a copy that has it. */
let bookmark = null;
let refreshes = 0;

/** The headers of the credential; null without one. */
function credentialHeaders(system) {
  const { bearer, apiKey } = system.authSelectors.authorized()?.toJS() ?? {};
  if (bearer?.value) return { Authorization: `Bearer ${bearer.value}` };
  return apiKey?.value ? { "x-api-key": apiKey.value } : null;
}

const bodyText = (operation) => JSON.stringify(operation.requestBody?.content["application/json"]?.example, null, 2);

/** Replaces the bodies of open forms, except those that the reader has changed. */
function updateBodies(system, before, after) {
  const earlier = new Map(operationsOf(before).map(({ path, method, operation }) => [method + path, operation]));
  for (const { path, method, operation } of operationsOf(after)) {
    const value = system.oas3Selectors.requestBodyValue(path, method);
    const text = bodyText(operation);
    const libraryId = operation.requestBody?.content["multipart/form-data"]?.schema.properties?.library_id?.example;
    const pathMethod = [path, method];
    if (text !== undefined && value === bodyText(earlier.get(method + path))) {
      system.oas3Actions.setRequestBodyValue({ value: text, pathMethod });
    } else if (libraryId !== undefined && value?.setIn && !value.getIn(["library_id", "value"])) {
      // A map changes the named fields of the form.
      system.oas3Actions.setRequestBodyValue({ value: value.clear().set("library_id", libraryId), pathMethod });
    }
  }
}

function show(system, samples) {
  const before = shown;
  shown = withExamples(published, samples);
  // An update draws every open form again.
  if (JSON.stringify(shown) === JSON.stringify(before)) return;
  system.specActions.updateJsonSpec(shown);
  updateBodies(system, before, shown);
}

async function refresh(system) {
  const turn = ++refreshes;
  const credential = credentialHeaders(system);
  if (credential === null) {
    show(system, null);
    showState("none");
    return;
  }
  showState("loading");
  const headers = { ...credential, ...(bookmark !== null && { [BOOKMARK_HEADER]: bookmark }) };
  let samples = null;
  let state = "failed";
  try {
    samples = await findSamples(headers);
    state = samples === null ? "empty" : "ready";
  } catch {
    // No connection: the examples are left out.
  }
  if (turn !== refreshes) return;
  show(system, samples);
  showState(state);
}

/** Runs `after` when an action of swagger-ui is done. */
const followedBy = (after) => (original, system) =>
  function action(...args) {
    const result = original(...args);
    after(system, ...args);
    return result;
  };

const startRefresh = (system) => void refresh(system);

function afterResponse(system, path, method, response) {
  bookmark = response.headers?.[BOOKMARK_HEADER] ?? bookmark;
  if (response.ok && method !== "get" && credentialHeaders(system) !== null) startRefresh(system);
}

/** Unchecks "Send empty value" of a form field when swagger-ui first draws it; the reader may check it. */
function leaveEmptyFieldsOut() {
  const drawn = new Set();
  return (original) =>
    function setRequestBodyInclusion({ value, pathMethod, name }) {
      const field = [...pathMethod, name].join(" ");
      const isReaders = drawn.has(field);
      drawn.add(field);
      return original({ value: isReaders && value, pathMethod, name });
    };
}

const examplesPlugin = () => ({
  statePlugins: {
    auth: { wrapActions: { authorize: followedBy(startRefresh), logout: followedBy(startRefresh) } },
    oas3: { wrapActions: { setRequestBodyInclusion: leaveEmptyFieldsOut() } },
    spec: { wrapActions: { setResponse: followedBy(afterResponse) } },
  },
});

async function start() {
  const response = await fetch(DOCUMENT_URL);
  if (!response.ok) throw new Error(`${DOCUMENT_URL} responded with ${response.status}`);
  published = await response.json();
  shown = withExamples(published, null);
  // `validatorUrl: null` keeps the page from calling swagger.io.
  globalThis.SwaggerUIBundle({
    spec: shown,
    dom_id: "#reference",
    deepLinking: true,
    displayRequestDuration: true,
    docExpansion: "list",
    filter: true,
    persistAuthorization: false,
    plugins: [examplesPlugin],
    tryItOutEnabled: true,
    validatorUrl: null,
  });
  showState("none");
}

start().catch((error) => {
  container.textContent = `The API document cannot be read: ${error.message}`;
});
