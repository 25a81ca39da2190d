/** The context of queue messages and scheduled runs: reads come from the primary, where the tasks were written. */
import { cachedConfig } from "../kernel/config.ts";
import { createContext, type Context } from "../operations/context.ts";

export function jobContext(env: Cloudflare.Env, execution: ExecutionContext): Context {
  return createContext(env, {
    config: () => cachedConfig(env),
    consistency: "primary",
    actor: () => null,
    nowMs: Date.now(),
    execution,
    waitUntil: (promise) => execution.waitUntil(promise),
  });
}
