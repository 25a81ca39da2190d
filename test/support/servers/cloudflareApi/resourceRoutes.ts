/** Accounts, zones, R2 buckets and queues. */
import { randomUUID } from "node:crypto";
import type { Account, StoredBucket, StoredQueue } from "./account.ts";
import { ApiFailure, jsonOf, route, type ApiRequest, type ApiRoute } from "./routes.ts";

function requireR2({ isR2Enabled }: Account): void {
  if (!isR2Enabled) throw new ApiFailure(403, 10042, "Please enable R2 through the Cloudflare Dashboard.");
}

function jurisdictionOf({ headers }: ApiRequest): string {
  const value = headers["cf-r2-jurisdiction"];
  return typeof value === "string" ? value : "default";
}

/** A bucket is visible only with the header of its jurisdiction. */
function findBucket(account: Account, request: ApiRequest, name = ""): StoredBucket {
  requireR2(account);
  const jurisdiction = jurisdictionOf(request);
  const bucket = account.buckets.find((each) => each.name === name && each.jurisdiction === jurisdiction);
  if (bucket === undefined) throw new ApiFailure(404, 10006, "The specified bucket does not exist.");
  return bucket;
}

function describeQueue({ id, name, consumers }: StoredQueue) {
  const described = consumers.map(({ script, settings }, index) => {
    return {
      type: "worker",
      script,
      service: script,
      environment: "production",
      queue_name: name,
      consumer_id: `${id}-${index}`,
      settings,
    };
  });
  const counts = { producers_total_count: 0, consumers_total_count: consumers.length };
  return { queue_id: id, queue_name: name, producers: [], consumers: described, ...counts };
}

function findQueue(account: Account, id = ""): StoredQueue {
  const queue = account.queues.find((candidate) => candidate.id === id);
  if (queue === undefined) throw new ApiFailure(404, 11000, "Queue does not exist.");
  return queue;
}

export const resourceRoutes: ApiRoute[] = [
  route("GET", /^\/accounts$/, ({ id, name }) => [{ id, name }]),
  route("GET", /^\/$/, ({ id, name }) => ({ id, name })),
  route("GET", /^\/user\/tokens\/verify$/, () => ({ id: "token", status: "active" })),
  route("GET", /^\/tokens\/verify$/, () => ({ id: "token", status: "active" })),
  route("GET", /^\/user$/, () => ({ email: "owner@example.com" })),
  route("GET", /^\/memberships$/, () => []),
  route("GET", /^\/zones$/, ({ zones, id }, { query }) =>
    zones
      .filter((name) => query.get("name") === null || query.get("name") === name)
      .map((name) => ({ id: `zone-${name}`, name, status: "active", account: { id } })),
  ),
  route("GET", /^\/r2\/buckets$/, (account, request) => {
    requireR2(account);
    return { buckets: account.buckets.filter((bucket) => bucket.jurisdiction === jurisdictionOf(request)) };
  }),
  route("POST", /^\/r2\/buckets$/, (account, request) => {
    requireR2(account);
    const { name, locationHint } = jsonOf(request);
    if (account.buckets.some((bucket) => bucket.name === name)) {
      throw new ApiFailure(409, 10004, "The bucket you tried to create already exists, and you own it.");
    }
    const location = typeof locationHint === "string" ? locationHint : null;
    const bucket = { name: String(name), location, jurisdiction: jurisdictionOf(request), localUploads: false };
    account.buckets.push(bucket);
    return bucket;
  }),
  route("GET", /^\/r2\/buckets\/([^/]+)$/, (account, request, [name]) => findBucket(account, request, name)),
  route("PUT", /^\/r2\/buckets\/([^/]+)\/local-uploads$/, (account, request, [name]) => {
    const bucket = findBucket(account, request, name);
    if (bucket.jurisdiction !== "default") throw new ApiFailure(400, 10076, "not available in this jurisdiction");
    bucket.localUploads = jsonOf(request)["enabled"] === true;
    return {};
  }),
  route("GET", /^\/queues$/, ({ queues }, { query }) => {
    const name = query.get("name");
    return queues.filter((queue) => name === null || queue.name === name).map(describeQueue);
  }),
  route("POST", /^\/queues$/, (account, request) => {
    const name = String(jsonOf(request)["queue_name"]);
    if (account.queues.some((queue) => queue.name === name)) {
      throw new ApiFailure(409, 11009, `Queue name '${name}' is already taken.`);
    }
    const queue = { id: randomUUID().replaceAll("-", ""), name, consumers: [] };
    account.queues.push(queue);
    return describeQueue(queue);
  }),
  route("GET", /^\/queues\/([^/]+)$/, (account, _request, [id]) => describeQueue(findQueue(account, id))),
  route(
    "GET",
    /^\/queues\/([^/]+)\/consumers$/,
    (account, _request, [id]) => describeQueue(findQueue(account, id)).consumers,
  ),
  route("POST", /^\/queues\/([^/]+)\/consumers$/, (account, request, [id]) => {
    const queue = findQueue(account, id);
    const { script_name: script, settings } = jsonOf(request);
    if (queue.consumers.length > 0) throw new ApiFailure(400, 11004, "The queue already has a consumer.");
    queue.consumers.push({ script: String(script), settings });
    return { queue_name: queue.name, script_name: script };
  }),
  route("PUT", /^\/queues\/([^/]+)\/consumers\/([^/]+)$/, (account, request, [id]) => {
    const queue = findQueue(account, id);
    const { script_name: script, settings } = jsonOf(request);
    queue.consumers = [{ script: String(script), settings }];
    return { queue_name: queue.name };
  }),
];
