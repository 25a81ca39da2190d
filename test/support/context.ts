/** Builds the operations' context from the test bindings. */
import { env } from "cloudflare:workers";
import { parseConfig } from "../../src/kernel/config.ts";
import { createContext, type Context } from "../../src/operations/context.ts";
import { recordingQueue } from "./bindings/queue.ts";

/** Uses the primary, a queue without a consumer and the current time; providers that would call a network or load models are null. */
export function testContext(changes: Partial<Context> = {}): Context {
  const context = createContext(env, {
    config: () => parseConfig({ ...env }),
    consistency: "primary",
    actor: () => null,
    nowMs: Date.now(),
    execution: {},
    waitUntil: (promise) => void promise.catch(() => undefined),
  });
  return {
    ...context,
    queue: recordingQueue().binding,
    describer: null,
    embedder: null,
    placeFinder: null,
    faceRecognizer: null,
    identityProvider: null,
    ...changes,
  };
}

/** The test environment's settings with changes. */
export function testConfig(changes: Partial<Context["config"]>): Context["config"] {
  return { ...parseConfig({ ...env }), ...changes };
}
