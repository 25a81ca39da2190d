/** [env.production] of wrangler.toml, as wrangler parses it. */
import { unstable_readConfig as readConfig } from "wrangler";
import { describe, expect, it } from "vitest";
import { z } from "zod";

const binding = z.object({ binding: z.string() });
const configSchema = z.object({
  vars: z.record(z.string(), z.unknown()),
  observability: z.unknown(),
  d1_databases: z.array(binding),
  r2_buckets: z.array(binding),
  queues: z.object({ producers: z.array(binding), consumers: z.array(z.unknown()) }),
  ratelimits: z.array(z.object({ name: z.string() })),
  images: binding,
  assets: binding,
  triggers: z.object({ crons: z.array(z.string()) }),
  limits: z.unknown(),
  cache: z.unknown(),
});

const production = configSchema.parse(readConfig({ config: "wrangler.toml", env: "production" }));
const development = configSchema.parse(readConfig({ config: "wrangler.toml" }));

/** The names of all bindings but those that have no local simulator. */
function bindingNames({
  d1_databases,
  r2_buckets,
  queues,
  ratelimits,
  images,
  assets,
}: typeof production): Set<string> {
  const bindings = [...d1_databases, ...r2_buckets, ...queues.producers, images, assets].map((each) => each.binding);
  return new Set([...bindings, ...ratelimits.map(({ name }) => name)]);
}

describe("the production configuration", () => {
  it("keeps query strings out of logs and traces", () => {
    expect(production.observability).toMatchObject({ enabled: true, redact_query_string: true });
  });

  it("counts as production, and the local one as development", () => {
    expect(production.vars).toMatchObject({ ENVIRONMENT: "production" });
    expect(development.vars).toMatchObject({ ENVIRONMENT: "development" });
  });

  it("gives consumers the most CPU time that Workers allow", () => {
    expect(production.limits).toEqual({ cpu_ms: 300_000 });
  });

  it("has a cache in front of the Worker that outlives deployments, which local development lacks", () => {
    expect(production.cache).toEqual({ enabled: true, cross_version_cache: true });
    expect(development.cache).toBeUndefined();
  });

  it("contains no secret", () => {
    for (const { vars } of [production, development])
      expect(Object.keys(vars).filter((name) => /KEY|SECRET|TOKEN|PASSWORD/i.test(name))).toEqual([]);
  });

  it("has every binding of local development, because environments do not inherit them", () => {
    expect(bindingNames(production)).toEqual(bindingNames(development));
    expect(production.triggers.crons).toEqual(development.triggers.crons);
    expect(production.queues.consumers).toEqual(development.queues.consumers);
  });
});
