// Puts examples into the OpenAPI document, with which swagger-ui fills in its forms.
import { choose } from "./choices.js";

const idPrefixOf = ({ pattern }) => /^\^([a-z_]+_)\[/.exec(pattern ?? "")?.[1];

function resolve(document, schema) {
  const name = schema.$ref?.split("/").at(-1);
  return name === undefined ? schema : document.components.schemas[name];
}

/** The smallest body of a schema. An id that is not known is its prefix with an ellipsis. */
function sampleOf(document, reference, ids) {
  const schema = resolve(document, reference);
  if (schema.example !== undefined) return schema.example;
  const prefix = idPrefixOf(schema);
  if (prefix !== undefined) return ids[prefix]?.[0] ?? `${prefix}…`;
  const sample = (inner) => sampleOf(document, inner, ids);
  if (schema.type === "array") {
    const count = schema.minItems ?? 0;
    const known = ids[idPrefixOf(resolve(document, schema.items))]?.slice(0, count) ?? [];
    return known.length === count ? known : Array.from({ length: count }, () => sample(schema.items));
  }
  if (schema.type === "object") {
    const required = (schema.required ?? []).map((name) => [name, sample(schema.properties[name])]);
    // swagger-ui fails on an undefined value. A field without a sample is left to the reader.
    return Object.fromEntries(required.filter(([, value]) => value !== undefined));
  }
  return schema.enum?.[0] ?? schema.minimum;
}

function fillParameters(operation, { ids, parameters }) {
  for (const parameter of operation.parameters ?? []) {
    const byId = parameter.in === "path" ? ids[idPrefixOf(parameter.schema)]?.[0] : undefined;
    const example = parameters[parameter.name] ?? byId;
    if (example !== undefined) parameter.example = example;
  }
}

/**
 * swagger-ui would invent a value for an optional field without an example, and send it. It parses the example of a list
 * as JSON, so that an empty text would stop it from drawing the form.
 */
function fillForm({ required = [], properties = {} }, parameters) {
  for (const [name, schema] of Object.entries(properties)) {
    const optional = !required.includes(name);
    if (optional) schema.example = parameters[name] ?? schema.example ?? (schema.type === "array" ? [] : "");
  }
}

function fillBody(document, operation, { ids, parameters, body }) {
  const content = operation.requestBody?.content ?? {};
  const json = content["application/json"];
  fillForm(content["multipart/form-data"]?.schema ?? {}, parameters);
  if (json === undefined) return;
  const properties = resolve(document, json.schema).properties;
  const library = properties.library_id && parameters.library_id && { library_id: parameters.library_id };
  json.example = { ...sampleOf(document, json.schema, ids), ...body, ...library };
}

/** The operations of a document with their path and method, as swagger-ui addresses them. */
export function operationsOf(document) {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([, operation]) => operation.responses !== undefined)
      .map(([method, operation]) => ({ path, method, operation })),
  );
}

/** Returns a copy of the document with examples from `samples`; null for none. */
export function withExamples(document, samples) {
  const copy = structuredClone(document);
  for (const { operation } of operationsOf(copy)) {
    const choice = choose(operation.operationId, samples);
    fillParameters(operation, choice);
    fillBody(copy, operation, choice);
  }
  return copy;
}
