/** Workers: the script, its secrets, static assets, cron triggers, workers.dev and custom domains. */
import type { Account, UploadedWorker } from "./account.ts";
import { ApiFailure, jsonOf, route, type ApiRequest, type ApiRoute } from "./routes.ts";

function findWorker({ workers }: Account, name = ""): UploadedWorker {
  const worker = workers.get(name);
  if (worker === undefined) throw new ApiFailure(404, 10007, "This Worker does not exist on your account.");
  return worker;
}

async function metadataOf({ headers, body }: ApiRequest): Promise<UploadedWorker["metadata"]> {
  const type = headers["content-type"] ?? "";
  const form = await new Response(new Uint8Array(body), { headers: { "content-type": type } }).formData();
  const metadata = form.get("metadata");
  const text = typeof metadata === "string" ? metadata : ((await metadata?.text()) ?? "{}");
  return JSON.parse(text) as UploadedWorker["metadata"];
}

async function uploadWorker(account: Account, request: ApiRequest, name: string) {
  const metadata = await metadataOf(request);
  if (account.plan === "free" && metadata["limits"] !== undefined) {
    throw new ApiFailure(400, 100328, "CPU limits are not supported for the Free plan.");
  }
  const previous = account.workers.get(name);
  const worker = {
    metadata,
    crons: previous?.crons ?? [],
    isOnWorkersDev: previous?.isOnWorkersDev ?? false,
    domains: previous?.domains ?? [],
  };
  account.workers.set(name, worker);
  return {
    id: name,
    etag: "etag",
    deployment_id: "d",
    startup_time_ms: 1,
    entry_point: "index.js",
    available_on_subdomain: worker.isOnWorkersDev,
  };
}

function secretsOf(account: Account, name: string): Set<string> {
  const secrets = account.secrets.get(name) ?? new Set<string>();
  account.secrets.set(name, secrets);
  return secrets;
}

/** A null deletes a secret. */
function patchSecrets(account: Account, request: ApiRequest, name: string) {
  findWorker(account, name);
  const secrets = secretsOf(account, name);
  const patch = (jsonOf(request)["secrets"] ?? {}) as Record<string, unknown>;
  for (const [secret, value] of Object.entries(patch)) {
    if (value === null) secrets.delete(secret);
    else secrets.add(secret);
  }
  return {};
}

export const workerRoutes: ApiRoute[] = [
  route("GET", /^\/workers\/subdomain$/, ({ subdomain }) => {
    if (subdomain === null) throw new ApiFailure(404, 10007, "workers.api.error.subdomain_required");
    return { subdomain };
  }),
  route("GET", /^\/workers\/workers\/([^/]+)$/, (account, _request, [name = ""]) => ({
    id: name,
    name,
    subdomain: { enabled: findWorker(account, name).isOnWorkersDev, previews_enabled: false },
  })),
  route(
    "GET",
    /^\/workers\/scripts\/([^/]+)\/settings$/,
    (account, _request, [name = ""]) => findWorker(account, name).metadata,
  ),
  route("POST", /^\/workers\/scripts\/([^/]+)\/domains\/changeset$/, () => ({
    added: [],
    removed: [],
    updated: [],
    conflicting: [],
  })),
  route("PUT", /^\/workers\/scripts\/([^/]+)\/domains\/records$/, (account, request, [name = ""]) => {
    const { origins } = jsonOf(request) as { origins: { hostname: string }[] };
    findWorker(account, name).domains = origins.map(({ hostname }) => hostname);
    return {};
  }),
  route("GET", /^\/workers\/services\/([^/]+)$/, (account, _request, [name = ""]) => {
    if (!account.workers.has(name)) throw new ApiFailure(404, 10090, "workers.api.error.service_not_found");
    return {
      id: name,
      default_environment: {
        environment: "production",
        script: { id: name, last_deployed_from: "wrangler", tag: "t" },
      },
    };
  }),
  route("GET", /^\/workers\/scripts\/([^/]+)\/secrets$/, (account, _request, [name = ""]) => {
    findWorker(account, name);
    return [...secretsOf(account, name)].map((secret) => ({ name: secret, type: "secret_text" }));
  }),
  route("PATCH", /^\/workers\/scripts\/([^/]+)\/secrets-bulk$/, (account, request, [name = ""]) =>
    patchSecrets(account, request, name),
  ),
  route("PUT", /^\/workers\/scripts\/([^/]+)$/, (account, request, [name = ""]) =>
    uploadWorker(account, request, name),
  ),
  route("POST", /^\/workers\/scripts\/([^/]+)\/versions$/, async (account, request, [name = ""]) => {
    await uploadWorker(account, request, name);
    return {
      id: "00000000-0000-4000-8000-000000000001",
      number: 1,
      startup_time_ms: 1,
      metadata: {},
      resources: { script: { etag: "e" } },
    };
  }),
  route("POST", /^\/workers\/scripts\/([^/]+)\/deployments$/, () => ({ id: "00000000-0000-4000-8000-000000000002" })),
  route("PATCH", /^\/workers\/scripts\/([^/]+)\/script-settings$/, () => ({})),
  route("GET", /^\/workers\/scripts\/([^/]+)\/deployments$/, (account, _request, [name = ""]) => {
    findWorker(account, name);
    return { deployments: [] };
  }),
  route("POST", /^\/workers\/scripts\/([^/]+)\/assets-upload-session$/, () => ({ jwt: "jwt", buckets: [] })),
  route("PUT", /^\/workers\/scripts\/([^/]+)\/schedules$/, (account, request, [name = ""]) => {
    const schedules = JSON.parse(request.body.toString()) as { cron: string }[];
    findWorker(account, name).crons = schedules.map(({ cron }) => cron);
    return { schedules };
  }),
  route("GET", /^\/workers\/scripts\/([^/]+)\/schedules$/, (account, _request, [name = ""]) => ({
    schedules: findWorker(account, name).crons.map((cron) => ({ cron })),
  })),
  route("GET", /^\/workers\/scripts\/([^/]+)\/subdomain$/, (account, _request, [name = ""]) => ({
    enabled: findWorker(account, name).isOnWorkersDev,
    previews_enabled: false,
  })),
  route("POST", /^\/workers\/scripts\/([^/]+)\/subdomain$/, (account, request, [name = ""]) => {
    const worker = findWorker(account, name);
    worker.isOnWorkersDev = jsonOf(request)["enabled"] === true;
    return { enabled: worker.isOnWorkersDev, previews_enabled: false };
  }),
];
