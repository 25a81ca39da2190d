/** The context of queue messages and scheduled runs: reads come from the primary, where the tasks were written. */
import { parseConfig, type Config } from "../kernel/config.ts";
import { createContext, type Context } from "../operations/context.ts";

export function jobContext(env: Cloudflare.Env, execution: ExecutionContext): Context {
  let config: Config | undefined;
  return createContext(env, {
    config: () => (config ??= parseConfig({ ...env })),
    consistency: "primary",
    actor: () => null,
    nowMs: Date.now(),
    execution,
    waitUntil: (promise) => execution.waitUntil(promise),
  });
}
