/** The context of queue messages and scheduled runs: reads come from the primary, where the tasks were written. */
import { parseConfig, type Config } from "../kernel/config.ts";
import { createContext, type Context } from "../operations/context.ts";

/** Per isolate, whose `env` is one object. */
const configs = new WeakMap<Cloudflare.Env, Config>();

function configOf(env: Cloudflare.Env): Config {
  const config = configs.get(env) ?? parseConfig({ ...env });
  configs.set(env, config);
  return config;
}

export function jobContext(env: Cloudflare.Env, execution: ExecutionContext): Context {
  return createContext(env, {
    config: () => configOf(env),
    consistency: "primary",
    actor: () => null,
    nowMs: Date.now(),
    execution,
    waitUntil: (promise) => execution.waitUntil(promise),
  });
}
